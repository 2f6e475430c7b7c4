"""A counted model's dimensions, and each category's size as a formula in them."""

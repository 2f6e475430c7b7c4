"""core.naming."""

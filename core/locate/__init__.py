"""What the user typed, the checkpoint that is meant by it, and the models that the picker shows."""

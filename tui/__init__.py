"""The command and its screens."""

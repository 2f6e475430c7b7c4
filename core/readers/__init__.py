"""core.readers."""

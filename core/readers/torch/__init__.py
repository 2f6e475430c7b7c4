"""core.readers.torch."""

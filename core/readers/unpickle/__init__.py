"""core.readers.unpickle."""

"""core.readers.gguf."""

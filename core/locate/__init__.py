"""core.locate."""

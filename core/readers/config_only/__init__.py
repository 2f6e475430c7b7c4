"""core.readers.config_only."""

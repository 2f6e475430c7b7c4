"""core.checkpoint."""

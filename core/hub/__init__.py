"""core.hub."""

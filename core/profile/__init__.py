"""core.profile."""

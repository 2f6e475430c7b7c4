"""core.classify."""

"""core.study."""

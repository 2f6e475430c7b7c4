"""core.count."""

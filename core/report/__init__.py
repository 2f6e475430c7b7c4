"""core.report."""

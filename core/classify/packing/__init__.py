"""core.classify.packing."""

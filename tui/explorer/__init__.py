"""The explorer: one model's parameter tree, its charts and its facts."""

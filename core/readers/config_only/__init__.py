"""A config.json alone, built by transformers on the meta device in a child process."""

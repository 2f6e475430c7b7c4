"""One reader a format: what lies in a checkpoint, from headers alone, without interpreting it."""

"""The readers: one file a format, all with the one entry `core.stored.Reader`."""

"""Measures what README.md promises of speed and memory: `make bench`."""

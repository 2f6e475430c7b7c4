"""What the charts show, one drawing a file."""

"""Where a model's parameters sit: everything but the screen. One folder a room, and imports go down only."""

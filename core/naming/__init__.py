"""What a tensor's name tells: its template, layer, component and category; which names are buffers'."""

"""tui.explorer."""

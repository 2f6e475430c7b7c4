"""tui.charts."""

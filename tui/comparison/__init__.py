"""tui.comparison."""

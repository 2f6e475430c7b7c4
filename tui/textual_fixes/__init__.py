"""tui.textual_fixes."""

"""tui.picker."""

"""What lies over a screen for a while: help, commands, export, notes, the page on a category."""

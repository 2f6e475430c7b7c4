"""Work-arounds of Textual's faults, each with the version that it is for and how to see whether it is still needed.

A fault's own test in `tests/tui/textual_fixes` fails once Textual is without it; then the work-around can go.
"""

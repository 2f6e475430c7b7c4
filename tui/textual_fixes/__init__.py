"""Work-arounds of Textual's faults, each with the version that it is for."""

"""What the command line can ask for: one object a command, all of them in the list of `entries`."""

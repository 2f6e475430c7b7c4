"""Every key, declared once: bindings, the footer's hints, the help and the list of commands are made from it."""

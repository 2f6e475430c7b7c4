"""How a name or a number is written: escaping, widths in columns, number formats."""

"""Every headless output: text, JSON, CSV, Markdown."""

"""Folders and files of this machine, and what a file is by its name or its first bytes."""

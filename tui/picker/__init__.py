"""The picker: the models that can be opened."""

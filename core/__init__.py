"""Counting a model's parameters from its headers, without a terminal and without loading weights."""

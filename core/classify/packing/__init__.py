"""Packed (quantised) weights: their layouts, and how many weights a packed tensor stands for."""

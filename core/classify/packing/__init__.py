"""Packed (quantised) weights: the layouts that are known, and how many weights one stands for."""

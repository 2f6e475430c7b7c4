"""Sums that conserve: totals, the tree, layers, submodels, active parameters, notes."""

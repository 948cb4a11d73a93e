"""Plots of a metric over parameters: parallel coordinates, importance, slices, heat maps; their brushes."""

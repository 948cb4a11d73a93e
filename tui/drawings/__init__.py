"""Drawings that several pages use: networks, input planes, heat colours, images, words."""

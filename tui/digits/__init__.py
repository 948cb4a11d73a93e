"""The MNIST lab's own words: its runs, its recipes, its pictures."""

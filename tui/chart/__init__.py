"""The chart of live curves: its widget, its parts, and the mathematics of envelopes and scales."""

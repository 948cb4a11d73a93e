"""Live charts of metrics: the widget, its layout and drawing, and the mathematics of envelopes and scales."""

"""How often a metric is written, sent and drawn: the seconds that it waits at most on its way to the screen.

Each limits one cost: a line in the file, a frame that wakes the app, the layout of a tab, a drawing.
"""

WRITE_SECONDS = 0.25
"""of a worker: between two `metrics` events"""
SEND_SECONDS = 0.4
"""of the service: between two frames of events to a client"""
REDRAW_SECONDS = 0.5
"""of the runs tab: between two updates of its charts"""
DRAW_SECONDS = 0.2
"""of a chart: between two drawings, also of those in other tabs, which have no other limit"""

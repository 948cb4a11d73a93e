"""The engine: training, scheduling and storage of runs, and the types that its clients share."""

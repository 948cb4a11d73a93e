"""The session: one process per open app that evaluates trained models, in NumPy, without a framework."""

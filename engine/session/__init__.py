"""One process per open app: the models a person looks into and talks to, in NumPy, without a framework."""

"""Language models at work, in NumPy: predict, generate, score; the same for the models of every framework."""

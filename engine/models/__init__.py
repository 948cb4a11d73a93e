"""Models: networks as data and arithmetic, a folder for each subject."""

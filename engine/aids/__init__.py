"""What lectures let one touch: an aid a file, each a function of its parameters and a seed; NumPy only."""

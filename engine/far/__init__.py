"""A run whose worker is on another machine: the stand-in here, the room that Ray lives in, the node there."""

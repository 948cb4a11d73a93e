"""Experiments that `dltui new` writes: one per framework, to begin with."""

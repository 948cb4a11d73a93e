"""End to end: real commands, a real service, real keepers and workers."""

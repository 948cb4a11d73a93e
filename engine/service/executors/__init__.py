"""Where keepers are started: on this machine, or by a cluster."""

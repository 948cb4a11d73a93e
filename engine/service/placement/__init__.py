"""Which run may start where: queue, machine, GPUs, and the executors that start keepers."""

"""Which run starts when and where: queue, machine, GPUs, and the executors that start keepers."""

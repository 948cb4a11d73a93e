"""`python -m tests.fakes.ray_nodes CPUS...`: a Ray cluster on loopback, a node for each number.

The head has no CPUs. Prints the address, then reads commands (`kill N`, `add CPUS`) until stdin ends.
"""

from __future__ import annotations

import os
import sys

STORE = 80_000_000


def main(words: list[str]) -> None:
    os.environ |= {"RAY_memory_monitor_refresh_ms": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    from ray.cluster_utils import Cluster

    small = {"object_store_memory": STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **small})
    nodes = [cluster.add_node(num_cpus=int(cpus), **small) for cpus in words]
    print("address", cluster.address, flush=True)
    for line in sys.stdin:
        command, number = line.split()
        if command == "kill":
            cluster.remove_node(nodes[int(number)], allow_graceful=False)
        else:
            nodes.append(cluster.add_node(num_cpus=int(number), **small))
        print("done", command, flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])

"""Every measurement, one after the other: `python -m tests.bench`, about fifteen minutes on two cores."""

from __future__ import annotations

import subprocess
import sys

BENCHES = (
    "bench_app",
    "bench_patches",
    "bench_watch",
    "bench_filters",
    "bench_chart",
    "bench_grid",
    "bench_form",
    "bench_mnist",
    "bench_recipe",
    "bench_lm",
    "bench_looks",
    "bench_index",
    "bench_steps",
    "bench_talk",
    "bench_lanes",
    "bench_track",
    "bench_import",
    "bench_wandb",
    "bench_learn",
    "bench_learn_tab",
)


def main() -> int:
    failed = 0
    for bench in BENCHES:
        print(f"== {bench}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"tests.bench.{bench}"]).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())

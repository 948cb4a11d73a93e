"""Perplexities of the transformer and the LSTM: `DLTUI_DATA=... python -m tests.bench.bench_perplexity`.

Each run is the experiment's own `train` on the captions in PyTorch, with one thread, in a process of its own
with the environment of a worker, one after the other. Its processor time counts all from the reading of the
text to the last perplexity. tuned and notebook: a transformer of two blocks of 256 with four heads, ten
epochs, batches of 64. lstm: `recipe=tuned` as it comes. About a quarter of an hour of processor time a run.

Fails when a test perplexity of tuned is above 28.5, or its processor time (the median of its seeds) above
that of lstm, where both were asked for.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.processor import print_processor
from tests.bench.worker_environment import worker_environment

TRANSFORMER = {"model": "transformer", "embedding": 256, "layers": 2, "heads": 4, "batch": 64, "epochs": 10}
SIDES: dict[str, dict[str, Any]] = {
    "tuned": {**TRANSFORMER, "recipe": "tuned"},
    "notebook": {**TRANSFORMER, "recipe": "notebook"},
    "lstm": {"recipe": "tuned"},
}
MOST = 28.5


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """Perplexities of the epoch with the best validation, and seconds of the processor and of the clock."""

    epoch: int
    train: float
    validation: float
    test: float
    cpu: float
    wall: float
    weights: int


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sides", nargs="*", choices=tuple(SIDES), default=list(SIDES))
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--only", choices=tuple(SIDES), default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def trained(side: str, seed: int, root: Path) -> TrainedModel:
    from engine.models.language.load_model import open_model
    from tests.engine.worker.attempts import curve, new_run, train

    folder = new_run(root, "lm", seed=seed, threads=1, framework="torch", **SIDES[side])
    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(sys.stderr):
        train(folder)
    seconds = time.process_time() - cpu, time.perf_counter() - wall
    seen = [float(value) for value in curve(folder, "val_perplexity").values()]
    after, test = (float(*curve(folder, f"{part}_perplexity").values()) for part in ("train", "test"))
    shapes = open_model(folder.path)[0].description.shapes().values()
    sizes = sum(int(size[0]) * (int(size[1]) if len(size) > 1 else 1) for size in shapes)
    return TrainedModel(seen.index(min(seen)) + 1, after, min(seen), test, *seconds, sizes)


def in_a_process(side: str, seed: int) -> TrainedModel:
    command = [sys.executable, "-m", "tests.bench.bench_perplexity", "--only", side, "--seeds", str(seed)]
    done = subprocess.run(command, env=worker_environment(1), stdout=subprocess.PIPE, check=True, text=True)
    return TrainedModel(**json.loads(done.stdout.splitlines()[-1]))


def described(one: TrainedModel) -> str:
    found = f"train {one.train:.2f}, validation {one.validation:.2f} (epoch {one.epoch}), test {one.test:.2f}"
    return f"{found}; {one.cpu:.0f} s of processor time, {one.wall:.0f} s"


def report(side: str, runs: list[TrainedModel]) -> None:
    tests = [run.test for run in runs]
    print(
        f"{side:9} {runs[0].weights:,} weights; test perplexity: mean {statistics.mean(tests):.2f}, most"
        f" {max(tests):.2f}; processor time: median {statistics.median(run.cpu for run in runs):.0f} s"
    )


def main() -> int:
    chosen = arguments()
    if chosen.only:
        with tempfile.TemporaryDirectory() as root:
            print(json.dumps(asdict(trained(chosen.only, chosen.seeds[0], Path(root)))))
        return 0
    print_processor()
    found: dict[str, list[TrainedModel]] = {side: [] for side in chosen.sides}
    for seed in chosen.seeds:  # side by side: the speed of a shared machine changes
        for side, runs in found.items():
            runs.append(in_a_process(side, seed))
            print(f"{side:9} seed {seed}: {described(runs[-1])}", flush=True)
    for side, runs in found.items():
        report(side, runs)
    missed = [f"test perplexity {run.test:.2f}" for run in found.get("tuned", ()) if run.test > MOST]
    if {"tuned", "lstm"} <= set(found):
        ours, theirs = (statistics.median(run.cpu for run in found[side]) for side in ("tuned", "lstm"))
        missed += [f"processor time {ours:.0f} s, the LSTM's {theirs:.0f} s"] * (ours > theirs)
    print(f"Missed: {'; '.join(missed)}." if missed else "Every target is reached.")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())

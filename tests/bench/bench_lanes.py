"""Network-epochs per second of batched XOR training: `python -m tests.bench.bench_lanes`.

Networks of the nine experiments (sigmoid, cross-entropy, gradient descent, eight validation points after
every epoch), beside the notebook's loop, which trains one nn.Module at a time, with one thread, which is its
fastest. All take turns; a ratio is the median over the turns. Then the nine experiments, in a worker.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.xor.batch import course_experiments
from engine.models.xor.batch.batch_training import BatchTrainer, BatchTraining, Trainer
from engine.models.xor.batch.plan import from_rows
from engine.models.xor.xor_net import NEAR, NEAR_TRUTH, ROWS, TRUTH
from tests.bench.processor import print_processor
from tests.engine.worker.attempts import new_run, start

SHAPES = ((1, True), (2, False), (4, True))
Times = NDArray[np.float64]
WISHED = 10_000


def now() -> Times:
    return np.array([time.perf_counter(), time.process_time()])


def loop(hidden: int, bypass: bool) -> Callable[[int], Times]:
    """Wall and processor seconds of so many epochs of the notebook's loop."""
    import torch
    from torch import Tensor, nn

    torch.set_num_threads(1)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = nn.Linear(2, hidden)
            self.output = nn.Linear(hidden + (2 if bypass else 0), 1)
            for layer in (self.hidden, self.output):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

        def forward(self, x: Tensor) -> Tensor:
            h = torch.sigmoid(self.hidden(x))
            seen = torch.cat([x, h], 1) if bypass else h
            return torch.sigmoid(self.output(seen))

    x, y = (torch.tensor(rows, dtype=torch.float32) for rows in (ROWS, TRUTH[:, None]))
    val_x, val_y = (
        torch.cat([own, torch.tensor(more, dtype=torch.float32)])
        for own, more in ((x, NEAR), (y, NEAR_TRUTH[:, None]))
    )
    net, measure = Net(), nn.BCELoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def run(epochs: int) -> Times:
        began = now()
        best, waited = float("inf"), 0
        for _ in range(epochs):
            optimizer.zero_grad()
            measure(net(x), y).backward()
            optimizer.step()
            with torch.no_grad():
                loss = measure(net(val_x), val_y).item()
            best, waited = (loss, 0) if loss < best - 1e-4 else (best, waited + 1)
        return now() - began

    return run


def batched(
    shape: tuple[int, bool], count: int, trainer: Trainer, threads: int, stride: int = 128
) -> Callable[[int], Times]:
    """The same for `count` batched networks, none of which stops early."""
    own = {"hidden": shape[0], "bypass": shape[1], "lr": 0.1, "epochs": 1_000_000, "target": 1e-30}
    recipe: dict[str, Any] = {**course_experiments.RECIPE, **own}
    plan = from_rows([{**recipe, "seed": seed} for seed in range(count)])
    fleet = BatchTraining(plan, trainer, threads)

    def run(epochs: int) -> Times:
        fleet.stride, end = stride, fleet.epoch + epochs
        began = now()
        while fleet.epoch < end:
            fleet.advance()
        return now() - began

    return run


def compare(shape: tuple[int, bool], args: argparse.Namespace, cache: Path) -> None:
    hidden, bypass = shape
    book = loop(hidden, bypass)
    ours = batched(shape, args.networks, BatchTrainer(cache), args.threads)
    book(50)
    theirs: list[Times] = []
    rates: list[Times] = []
    for _ in range(args.turns):
        theirs.append(1500 / book(1500))
        rates.append(args.networks * 1024 / ours(1024))
    loop_rate, rate = np.median(theirs, axis=0)[0], np.median(rates, axis=0)[0]
    ratio, per_core = np.median(np.divide(rates, theirs), axis=0)
    print(f"hidden {hidden}, bypass {'yes' if bypass else 'no'}: loop {loop_rate:,.0f} network-epochs/s")
    print(
        f"  batch {rate / 1e6:7.2f} million /s   {ratio:9,.0f} times the loop ({WISHED:,}),"
        f" {per_core:,.0f} times for each second of a core"
    )


def nine(cache: Path) -> float:
    """Seconds of the nine experiments from the start of a worker to its end."""
    with tempfile.TemporaryDirectory() as root:
        folder = new_run(Path(root), "xor_grid", threads=2)
        began = time.perf_counter()
        code = start(folder, NUMBA_CACHE_DIR=str(cache)).wait()
        took = time.perf_counter() - began
        assert code == 0, folder.log.read_text()
        return took


def main() -> None:
    print_processor()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=16_384)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--turns", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        for shape in SHAPES:
            compare(shape, args, cache)
        fresh = nine(cache / "fresh")
        again = [nine(cache / "fresh") for _ in range(3)]
    print(
        f"the nine experiments, worker included: {statistics.median(again):.1f} s (10 s); {fresh:.1f} s when"
    )
    print("  the kernel has to be compiled first, once for each home")


if __name__ == "__main__":
    main()

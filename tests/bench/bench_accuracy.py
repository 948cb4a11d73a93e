"""Accuracies of the MNIST lesson beside the notebook's: `python -m tests.bench.bench_accuracy`.

Every network as the notebook trained it: 13,000 updates of 50 images, or up to 20 epochs until 99 % of the
validation images are right, with 50 and with 100 images. Each run goes through the experiment's own `train`,
one after the other with one thread, with the real images (DLTUI_DATA, or downloaded). About ten minutes of
one core for a seed.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.places import Places
from engine.session.cache import SessionCache
from engine.session.mnist_checkpoints import open_net
from engine.session.mnist_reports import predictions
from tests.bench.processor import print_processor
from tests.engine.worker.lab import curve, new_run, train

ITERATIONS, TARGET, TRAINING = 13_000, 0.99, 54_000


@dataclass(frozen=True, slots=True)
class Row:
    """Shares of images that are right; None where the notebook says nothing."""

    model: str
    batch: int
    train: float | None
    validation: float
    test: float | None

    @property
    def is_counted(self) -> bool:
        """In updates, not in epochs."""
        return self.model in ("logistic", "mlp")


NOTEBOOK = (
    Row("logistic", 50, None, 0.9105, 0.9195),
    Row("mlp", 50, 0.9904, 0.9710, 0.9741),
    Row("single_conv", 50, None, 0.9838, None),
    Row("single_conv", 100, None, 0.9905, None),
    Row("double_conv", 50, None, 0.9907, None),
    Row("double_conv", 100, None, 0.9890, None),
    Row("double_conv_dropout", 50, None, 0.9907, None),
    Row("double_conv_dropout", 100, None, 0.9902, None),
)


@dataclass(frozen=True, slots=True)
class Result:
    train: float
    first: float
    """of the validation images after one epoch"""
    best: float
    validation: float
    test: float
    epochs: float
    seconds: float


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=[], help="of the five; all when left out")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=20)
    return parser.parse_args()


def result(session_cache: SessionCache, row: Row, seed: int, epochs: int) -> Result:
    given: dict[str, Any] = {"model": row.model, "batch": row.batch, "epochs": epochs}
    given |= {"iterations": ITERATIONS, "target": None} if row.is_counted else {"target": TARGET}
    folder = new_run(session_cache.places.root, "mnist", seed=seed, **given)
    began = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        run = train(folder)
    seconds = time.perf_counter() - began
    seen = [float(value) for _, value in sorted(curve(folder, "val_accuracy").items())]
    tested = float(max(curve(folder, "test_accuracy").items())[1])
    in_training = predictions(session_cache, open_net(session_cache, folder.id), "train")
    right = float((in_training.logits.argmax(1) == in_training.labels).mean())
    return Result(right, seen[0], max(seen), seen[-1], tested, run.step * row.batch / TRAINING, seconds)


def report(row: Row, results: list[Result]) -> None:
    notebook = "".join(
        f"{'' if one is None else f'{one:.4f}':>8}" for one in (row.train, row.validation, row.test)
    )
    lines = [[one.train, one.first, one.best, one.validation, one.test] for one in results]
    middle = [statistics.median(column) for column in zip(*lines, strict=True)]
    print(f"{row.model} {row.batch}:  notebook (train, validation, test) {notebook}")
    for label, line in [*zip(map(spent, results), lines, strict=True), ("median", middle)]:
        print(f"{label:>28} " + "".join(f"{one:9.4f}" for one in line), flush=True)


def spent(one: Result) -> str:
    return f"{one.epochs:.0f} epochs, {one.seconds:.0f} s"


def main() -> None:
    chosen = arguments()
    print_processor()
    print(
        f"{'':28} " + "".join(f"{name:>9}" for name in ("train", "1 epoch", "best val", "last val", "test"))
    )
    with tempfile.TemporaryDirectory() as root:
        session_cache = SessionCache(Places(Path(root)))
        for row in NOTEBOOK:
            if not chosen.models or row.model in chosen.models:
                report(row, [result(session_cache, row, seed, chosen.epochs) for seed in chosen.seeds])


if __name__ == "__main__":
    main()

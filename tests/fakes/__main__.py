"""The app on a fake engine with invented runs: `python -m tests.fakes [RUNS] [--still] [--banner]`."""

from __future__ import annotations

import asyncio
import math
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from engine.events import Event
from engine.places import Places
from engine.protocol import (
    Best,
    Cause,
    CauseKind,
    CheckpointFacts,
    Paused,
    Queued,
    RunSummary,
    State,
    Status,
)
from tests.fakes.engine import DRIVER, FakeEngine, done, failed, make_run, metrics
from tui.app import LabApp

XOR = {
    "hidden": 2, "bypass": False, "activation": "btu", "temperature": 0.5, "loss": "bce", "optimizer": "adam",
    "lr": 0.01, "epochs": 4000, "initial": "linear", "validation": "none", "patience": None,
    "min_delta": 1e-4, "target": 0.2,
}  # fmt: skip
MNIST = {
    "model": "double_conv",
    "lr": 0.001,
    "batch": 50,
    "epochs": 20,
    "iterations": None,
    "target": 0.99,
    "every": None,
}


def paused() -> State:
    return Paused(
        time.time(), Cause(CauseKind.PAUSED, "Paused by you; the checkpoint of step 1,240 is whole.")
    )


def invented_runs(count: int) -> list[RunSummary]:
    now = time.time()
    runs = [
        make_run(1, params={**XOR, "hidden": 4, "lr": 0.03}, total_steps=4000, created=now - 70),
        make_run(2, experiment="mnist", name="double conv, dropout", total_steps=21_600, created=now - 400,
                 params={**MNIST, "model": "double_conv_dropout"}, rss=812 << 20, cpu=1.9, attempt=2),
        make_run(3, params={**XOR, "lr": 30.0, "optimizer": "sgd"}, state=failed(remedy="Try a smaller lr."),
                 total_steps=4000, created=now - 3_700),
        make_run(4, params={**XOR, "bypass": True, "hidden": 1}, state=done(), total_steps=4000,
                 created=now - 9_000, train_seconds=4.2),
        make_run(5, experiment="mnist", params={**MNIST, "lr": 0.01}, state=paused(), total_steps=21_600,
                 created=now - 90_000, train_seconds=331),
        make_run(6, experiment="mnist", params=MNIST, created=now - 30, total_steps=0, attempt=0,
                 state=Queued("waits for a CPU slot: 1 of 1 is taken by double conv, dropout")),
    ]  # fmt: skip
    order = [1, 0, 4, 3, 2, 5]
    return [runs[place] for place in order[:count]]


def loss_at(run: RunSummary, step: int, rng: random.Random) -> float:
    pace = {"xor": 900.0, "mnist": 2_500.0}[run.spec.experiment] * (0.5 + run.spec.seed % 5 / 2)
    start = 0.72 if run.spec.experiment == "xor" else 2.3
    noise = rng.gauss(0, 0.015 if run.spec.experiment == "xor" else 0.06)
    fall = start * math.exp(-step / pace) + 0.02
    return max(1e-4, fall * (1 + noise * 3) if run.spec.experiment == "mnist" else fall + noise * fall)


class SimulatedTraining:
    """Invented metrics of one run, added to the fake engine as events."""

    def __init__(self, engine: FakeEngine, run: RunSummary) -> None:
        self.engine, self.run = engine, run
        self.rng = random.Random(run.spec.seed)
        self.seq, self.step = 0, 0

    def advance(self, steps: int, at: float) -> None:
        marks = list(range(self.step + 1, self.step + steps + 1))
        columns = {"loss": [loss_at(self.run, step, self.rng) for step in marks]}
        self.step += steps
        self._add(metrics(self.seq + 1, marks, at, **columns))
        if self.run.spec.experiment == "mnist" and self.step % 400 == 0:
            accuracy = 1 - 0.9 * math.exp(-self.step / 1_800) - 0.01
            loss = loss_at(self.run, self.step, self.rng) * 1.2 + 0.05
            self._add(metrics(self.seq + 1, [self.step], at, val_accuracy=[accuracy], val_loss=[loss]))
        if self.step % 1_000 == 0:
            self._add(Event(self.seq + 1, at, "checkpoint", {"step": self.step}))
        last = columns["loss"][-1]
        best = min(self.run.best.value if self.run.best else 9.0, last)
        self.run = replace(
            self.run, step=self.step, metrics={**self.run.metrics, "loss": last},
            best=Best("loss", best, self.step), checkpoint_step=self.step // 1_000 * 1_000,
            train_seconds=self.step / 200, rate=200.0 if self.run.status is Status.RUNNING else 0.0,
        )  # fmt: skip

    def _add(self, event: Event) -> None:
        self.seq = event.seq
        self.engine.append(self.run.id, event)


async def live(engine: FakeEngine, trainings: list[SimulatedTraining]) -> None:
    rng = random.Random(7)
    while True:
        await asyncio.sleep(0.25)
        changed = []
        for training in trainings:
            if training.run.status is Status.RUNNING and training.step < training.run.total_steps:
                training.run = replace(training.run, state=engine.find(training.run.id).state)
                training.advance(50, time.time())
                engine.logs[training.run.id] += (
                    f"step {training.step:,}  loss {training.run.metrics['loss']:.4f}\n"
                )
                changed.append(training.run)
        if rng.random() < 0.5:
            busy = 0.8 + 0.15 * rng.random()
            engine.change(*changed, resources=replace(engine.resources_now, cpu_busy=busy))


def prepare(count: int) -> tuple[FakeEngine, list[SimulatedTraining]]:
    runs = invented_runs(count)
    engine = FakeEngine(*runs, findings=[DRIVER] if "--banner" in sys.argv else [])
    trainings = [SimulatedTraining(engine, run) for run in runs if not isinstance(run.state, Queued)]
    progress = {"running": 0.45, "failed": 0.06, "done": 1.0, "paused": 0.22}
    for training in trainings:
        goal = int(training.run.total_steps * progress[str(training.run.status)] / 50) * 50
        while training.step < goal:
            training.advance(50, training.run.spec.created_at + training.step / 200)
        if training.run.status is Status.FAILED:
            training._add(metrics(training.seq + 1, [training.step + 1], loss=["nan"]))
            training.run = replace(training.run, metrics={"loss": math.nan})
        if training.run.spec.experiment == "mnist":
            training.run = replace(training.run, metrics={**training.run.metrics, "val_accuracy": 0.9712})
        engine.runs_by_id[training.run.id] = training.run
        engine.logs[training.run.id] = "reading 60,000 images\n" + "".join(
            f"step {step:,}  loss {0.7 / (1 + step / 400):.4f}\n" for step in range(50, training.step + 1, 50)
        )
        engine.checkpoints_of[training.run.id] = tuple(
            CheckpointFacts(step, "", f"{step * 7919:064x}"[::-1], 1_063_000)
            for step in range(1_000, training.step + 1, 1_000)
        )
    return engine, trainings


class Demo(LabApp):
    """The app whose fake engine grows while it is open."""

    def __init__(self, places: Places, engine: FakeEngine, trainings: list[SimulatedTraining]) -> None:
        super().__init__(places, engine.connect)  # type: ignore[arg-type]
        self._fake = engine, trainings

    def on_ready(self) -> None:
        if "--still" not in sys.argv:
            self.run_worker(live(*self._fake))


def main() -> None:
    counts = [int(word) for word in sys.argv[1:] if word.isdigit()]
    engine, trainings = prepare(counts[0] if counts else 6)
    home = next((word[7:] for word in sys.argv if word.startswith("--home=")), None) or tempfile.mkdtemp()
    Demo(Places(Path(home)), engine, trainings).run()


if __name__ == "__main__":
    main()

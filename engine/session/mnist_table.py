"""Table of networks: the notebook's six, others that were trained, and the best of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine import fold, run_status, store
from engine.errors import DltuiError
from engine.events import Event
from engine.fold import TrainingClock
from engine.models.images.classification import balanced_accuracy
from engine.protocol import Spec, number_from_json, status_of
from engine.session.cache import SessionCache
from engine.session.mnist_checkpoints import all_runs, open_net
from engine.session.mnist_reports import predictions
from engine.session_protocol.mnist import (
    BestNetwork,
    DataIdentity,
    NetworksTable,
    NetworksTableRequest,
    TableRow,
)
from engine.store import RunFolder
from engine.trained_on import TrainedOn

MODELS = ("single_conv", "double_conv", "double_conv_dropout")
BATCHES = (50, 100)
OTHERS = (("logistic", 50), ("mlp", 50))
"""networks of the notebook's training that are in the table once they were trained"""
RECIPES = ("fast", "accurate")
"""of mnist_recipe, likewise"""
METRIC, GOAL = "val_accuracy", 0.99
PLAIN = ("", "notebook", "none")
"""values of `recipe` that mean the notebook's own training"""
EMPTY = TableRow("", 0, None, None, None, None, None, None, "", False, False, "", None)


def table(session_cache: SessionCache, _: NetworksTableRequest) -> Iterator[NetworksTable]:
    """The newest run of each kind with a checkpoint, else the newest; trials of sweeps are left out.

    The six of the notebook have a row each; the others where there is a run. `batch` of a recipe is 0.
    """
    found = _newest(session_cache)
    wanted: list[tuple[str, int]] = [(model, batch) for model in MODELS for batch in BATCHES]
    wanted += [kind for kind in (*OTHERS, *((name, 0) for name in RECIPES)) if kind in found]
    rows: list[TableRow] = []
    for model, batch in wanted:
        rows.append(_row(session_cache, model, batch, found.get((model, batch))))
        notice = _notice(rows)
        best = None if notice else _best(rows)
        yield NetworksTable(len(rows), len(wanted), GOAL, list(rows), best, notice)


def is_plain(spec: Spec) -> bool:
    """Whether it uses the notebook's training, without a recipe."""
    return spec.params.get("recipe", "") in PLAIN


def per_epoch(spec: Spec, images: int) -> int | None:
    """Updates in an epoch; None where a recipe changes the batch size during training."""
    batch = int(spec.params.get("batch") or 0)
    return -(-images // batch) if batch and is_plain(spec) else None


def _newest(session_cache: SessionCache) -> Mapping[tuple[str, int], tuple[RunFolder, Spec]]:
    found: dict[tuple[str, int], tuple[RunFolder, Spec]] = {}
    for folder, spec in reversed(all_runs(session_cache)):
        kind = _kind_of(spec)
        if spec.sweep:
            continue
        if folder.checkpoints.is_dir() or kind not in found:
            found[kind] = (folder, spec)
    return found


def _kind_of(spec: Spec) -> tuple[str, int]:
    """The network and the batch; a recipe's name, and 0."""
    if is_plain(spec):
        return str(spec.params.get("model")), int(spec.params.get("batch") or 0)
    return str(spec.params.get("recipe")), 0


def _is_running(folder: RunFolder) -> bool:
    """Raises CorruptRun."""
    state = run_status.state_of(store.read_wanted(folder), store.read_keeper(folder), store.read_exit(folder))
    return state is not None and status_of(state).is_active


def _row(
    session_cache: SessionCache, model: str, batch: int, found: tuple[RunFolder, Spec] | None
) -> TableRow:
    row = replace(EMPTY, model=model, batch=batch)
    if found is None:
        return replace(row, why="not trained yet")
    folder, spec = found
    times = GoalTimes(GOAL)
    fold.read(folder.events, 0, times)
    steps = max((step for step, _ in times.last.values()), default=0)
    iterations, seconds = times.reached or (steps, times.training.seconds)
    row = replace(
        row, run=folder.id, name=spec.name, is_reached=times.reached is not None, iterations=iterations,
        seconds=seconds, val_accuracy=times.value("val_accuracy"), test_accuracy=times.value("test_accuracy"),
    )  # fmt: skip
    try:
        row = replace(row, is_running=_is_running(folder))
        opened = open_net(session_cache, folder.id)
        trained_on = opened.trained_on
        data = DataIdentity(trained_on.title, trained_on.fingerprint) if trained_on.fingerprint else None
        row = replace(row, data=data)
        validated = predictions(session_cache, opened, "validation")
    except DltuiError as error:
        return replace(row, why=error.message)
    row = replace(row, balanced=balanced_accuracy(validated.logits.argmax(axis=1), validated.labels))
    if row.test_accuracy is None:
        row = replace(row, why="still to be tested: its training has not ended")
    return row


def _notice(rows: list[TableRow]) -> str:
    """Why there is no best one: they were trained on different data; empty where they can be compared."""
    trained_on = [TrainedOn(row.data.title, row.data.fingerprint) for row in rows if row.data]
    sources = {data.fingerprint: data.description for data in trained_on}
    if len(sources) < 2:
        return ""
    return f"The networks were trained on different data, so none is best: {'; '.join(sources.values())}."


def _best(rows: list[TableRow]) -> BestNetwork | None:
    """By balanced validation accuracy, of those that have ended; `test_accuracy` does not decide."""
    validated = [
        BestNetwork(row.run, row.model, row.batch, row.balanced, row.test_accuracy)
        for row in rows
        if row.run is not None and row.balanced is not None and not row.is_running
    ]
    return max(validated, key=lambda best: best.balanced, default=None)


@dataclass(slots=True)
class GoalTimes:
    """Steps and seconds of training until a run reached a goal.

    `goal` is a validation accuracy. Time without training (a pause) does not count. A `HistoryPart`.
    """

    goal: float
    training: TrainingClock = field(default_factory=TrainingClock)
    last: dict[str, tuple[int, float]] = field(default_factory=dict)
    """of each metric: the step and the value"""
    reached: tuple[int, float] | None = None
    """step and seconds"""

    def value(self, metric: str) -> float | None:
        return self.last[metric][1] if metric in self.last else None

    def add(self, event: Event) -> None:
        seconds = self.training.time_of(event)
        if event.kind != "metrics":
            return
        for metric, (steps, values) in event.facts["series"].items():
            if steps:
                self.last[metric] = (int(steps[-1]), number_from_json(values[-1]))
            if metric == METRIC and self.reached is None:
                points = zip(steps, map(number_from_json, values), strict=True)
                self.reached = next(((step, seconds) for step, value in points if value >= self.goal), None)

    def rewind(self, step: int) -> None:
        self.last = {metric: found for metric, found in self.last.items() if found[0] <= step}
        if self.reached is not None and self.reached[0] > step:
            self.reached = None

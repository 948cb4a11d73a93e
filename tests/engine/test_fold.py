"""The fold of events: what is left after rewinds, curves with their times, seconds of training."""

from __future__ import annotations

import itertools
import json
import math
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events, fold, point_columns
from engine.client.client import EventBatch
from engine.errors import CorruptRun
from engine.events import Event
from engine.fold import CurvePoints, MetricCurves, TrainingClock, wall_clock
from engine.metric_goal import MetricGoal
from engine.packed_decimals import NumberTexts
from engine.point_columns import PointColumns
from engine.protocol import number_from_json
from engine.service.runs.event_summary import RunStats
from engine.service.sweeps.trial_result import TrialCurve
from engine.session.mnist_network import NetworkHistory
from engine.session.mnist_table import GoalTimes
from engine.sweep_protocol import Prune
from engine.typed_json import WrongType
from engine.worker.event_log import metrics_at
from tui.data.run_history import RunHistory

GOAL = 0.9
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("metrics"), st.integers(1, 4), st.sampled_from([0.1, 0.5, 0.95, "nan", "inf"])),
        st.tuples(
            st.sampled_from(["checkpoint", "sketch", "note", "set", "resume", "kill"]), st.just(0), st.just(0)
        ),
    ),
    max_size=40,
)  # fmt: skip


def history(actions: Iterable[tuple[str, int, Any]]) -> list[Event]:
    """Events as a worker writes them: steps increase, an attempt starts its clock again and goes back to the
    last checkpoint; a note may come before it starts."""
    found: list[Event] = []
    step, saved, at, elapsed = 0, 0, 1000.0, 0.0

    def write(kind: str, **facts: Any) -> None:
        nonlocal at, elapsed
        at, elapsed = at + 1.0, elapsed + 1.0
        found.append(Event(len(found) + 1, at, kind, facts, elapsed))

    write("started", total_steps=100)
    for kind, number, value in actions:
        if kind == "metrics":
            steps = [step + 1 + index for index in range(number)]
            step = steps[-1]
            write(kind, series={"val_accuracy": [steps, [value] * number], "loss": [[step], [0.25]]})
        elif kind in ("checkpoint", "sketch"):
            saved = step if kind == "checkpoint" else saved
            write(kind, step=step, parts={})
        elif kind == "set":
            write(kind, step=step, name="lr", value=0.5)
        elif kind == "note":
            write(kind, text="n", severity="note")
        else:
            if kind == "resume":
                write("ended", step=step, status="paused", cause={"kind": "paused", "text": ""})
            at, elapsed, step = at + 500.0, 0.0, saved
            write("note", text="before", severity="warning")
            write("started", total_steps=100)
            write("restored", step=step)
    return found


def left(events: list[Event], metric: str) -> dict[int, tuple[float, int]]:
    """By brute force: {step: (value, place of its event)} of the points that no later event rewound."""
    found = {}
    for place, event in enumerate(events):
        if event.kind != "metrics":
            continue
        later = [other.facts["step"] for other in events[place:] if other.kind == "restored"]
        for step, value in zip(*event.facts["series"][metric], strict=True):
            if step <= min(later, default=math.inf):
                found[step] = (number_from_json(value), place)
    return dict(sorted(found.items()))


def seconds(events: list[Event]) -> float:
    """By brute force: of each attempt the time from its start to its last event; notes before the next start
    are none of its events."""
    starts = [place for place, event in enumerate(events) if event.kind == "started"]
    attempts = [events[first:last] for first, last in itertools.pairwise([*starts, len(events)])]
    return sum(
        [event.clock for event in attempt if event.facts.get("text") != "before"][-1] - attempt[0].clock
        for attempt in attempts
    )


def added(events: Iterable[Event], *parts: Any) -> Any:
    for event in events:
        fold.add(event, *parts)
    return parts[0]


def written(path: Path, events: list[Event]) -> Path:
    lines = [{"seq": e.seq, "at": e.at, "elapsed": e.elapsed, "kind": e.kind, **e.facts} for e in events]
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    return path


@given(ACTIONS)
def test_every_reader_has_the_points_that_are_left(actions: Any) -> None:
    events = history(actions)
    curves = added(events, MetricCurves(CurvePoints, wall_clock))
    app = RunHistory("run")
    app.fold(EventBatch(tuple(events)))
    for metric in ("val_accuracy", "loss"):
        expected = left(events, metric)
        steps, values = list(expected), [value for value, _ in expected.values()]
        found = curves.by_metric.get(metric, CurvePoints())
        assert found.steps == steps
        np.testing.assert_array_equal(found.values, values)
        if steps:
            np.testing.assert_array_equal(app.series[metric].steps, steps)
            np.testing.assert_array_equal(app.series[metric].values, values)


@given(ACTIONS)
def test_stats_and_times_to_a_goal_are_those_of_the_points_that_are_left(actions: Any) -> None:
    events = history(actions)
    stats, times = RunStats(MetricGoal("val_accuracy", True)), GoalTimes(GOAL)
    added(events, stats, times)
    points = left(events, "val_accuracy")
    finite = [value for value, _ in points.values() if math.isfinite(value)]
    assert (stats.best.value if stats.best else None) == max(finite, default=None)
    if "val_accuracy" in stats.metrics:  # stats have no snapshot of the start, and of 8 checkpoints alone
        np.testing.assert_equal(stats.metrics["val_accuracy"], [*points.values()][-1][0])
    reached = [(step, place) for step, (value, place) in points.items() if value >= GOAL]
    assert (times.reached is not None) == bool(reached)
    if reached:
        step, place = reached[0]
        assert times.reached == (step, pytest.approx(seconds(events[: place + 1])))
    assert stats.training.seconds == pytest.approx(seconds(events)) == times.training.seconds


@given(ACTIONS, st.integers(0, 40))
def test_metrics_sketches_and_accuracies_in_a_file_are_those_that_are_left(
    tmp_path_factory: pytest.TempPathFactory, actions: Any, step: int
) -> None:
    events = history(actions)
    path = written(tmp_path_factory.mktemp("e") / "events.jsonl", events)
    network = NetworkHistory(path).update()
    points = left(events, "val_accuracy")
    np.testing.assert_equal(network.accuracies, {step: value for step, (value, _) in points.items()})
    sketches = [
        event.facts["step"]
        for place, event in enumerate(events)
        if event.kind == "sketch"
        and all(e.facts["step"] >= event.facts["step"] for e in events[place:] if e.kind == "restored")
    ]
    assert set(network.sketches) == set(sketches)
    names = metrics_at(path, step)
    assert names == {name: step for name in ("val_accuracy", "loss") if step in left(events, name)}


@given(ACTIONS)
def test_the_best_of_a_trial_outlasts_a_rewind(
    tmp_path_factory: pytest.TempPathFactory, actions: Any
) -> None:
    events = history(actions)
    path = written(tmp_path_factory.mktemp("e") / "events.jsonl", events)
    curve = TrialCurve(path, MetricGoal("val_accuracy", True), Prune("none"))
    while curve.read_more():
        pass
    logged = [v for e in events if e.kind == "metrics" for v in e.facts["series"]["val_accuracy"][1]]
    assert curve.best == max((v for v in logged if isinstance(v, float)), default=None)


@given(ACTIONS, st.integers(0, 40))
def test_reading_on_is_the_same_as_reading_once(
    tmp_path_factory: pytest.TempPathFactory, actions: Any, cut: int
) -> None:
    events = history(actions)
    path = tmp_path_factory.mktemp("e") / "events.jsonl"
    once, twice = (MetricCurves(CurvePoints, TrainingClock().time_of) for _ in range(2))
    offset = fold.read(written(path, events[:cut]), 0, twice)
    fold.read(written(path, events), offset, twice)
    fold.read(path, 0, once)
    assert repr(once.by_metric) == repr(twice.by_metric)


def test_a_block_has_wall_times_spread_since_the_last_event() -> None:
    block = {"series": {"loss": [[1, 2], [1.0, "inf"]]}}
    events = [Event(1, 100.0, "started", {}), Event(2, 108.0, "metrics", block)]
    curves = added(events, MetricCurves(CurvePoints, wall_clock))
    assert curves.by_metric["loss"] == CurvePoints([1, 2], [104.0, 108.0], [1.0, math.inf])


def test_a_step_that_was_written_twice_keeps_its_first_value() -> None:
    """As runs of `lm` wrote their last step before a metric had one value a step."""
    curves = MetricCurves(CurvePoints, wall_clock)
    block = {"series": {"val_perplexity": [[19, 38, 38], [40.0, 50.0, 40.0]]}}
    fold.add(Event(1, 1.0, "metrics", block), curves)
    fold.add(Event(2, 2.0, "metrics", {"series": {"val_perplexity": [[38, 57], [1.0, 45.0]]}}), curves)
    curve = curves.by_metric["val_perplexity"]
    assert (curve.steps, curve.values) == ([19, 38, 57], [40.0, 50.0, 45.0])
    assert len(curve.times) == 3


def test_columns_are_points_and_replace_those_from_their_first_step_on() -> None:
    curves = MetricCurves(CurvePoints, wall_clock)
    first = PointColumns(array("q", [0, 5, 9]), array("d", [1.0, math.nan, -math.inf]), array("d", [7, 8, 9]))
    later = PointColumns(array("q", [5, 6]), array("d", [2.0, 3.0]), array("d", [10, 11]))
    for seq, columns in enumerate((first, later), 1):
        series = point_columns.to_json({"loss": columns})
        fold.add(
            events.parse(json.dumps({"seq": seq, "at": 1.0, "kind": "columns", "series": series}).encode()),
            curves,
        )
    curve = curves.by_metric["loss"]
    assert (curve.steps, curve.values, curve.times) == ([0, 5, 6], [1, 2, 3], [7, 10, 11])
    assert point_columns.last_value(point_columns.to_json({"loss": first})["loss"]) == -math.inf


def test_metrics_with_the_same_steps_have_them_once() -> None:
    steps, times = array("q", range(9)), array("d", range(9))
    series = {name: PointColumns(steps, array("d", range(n, n + 9)), times) for n, name in enumerate("abc")}
    series["d"] = PointColumns(array("q", range(2)), array("d", (5, 6)), array("d", (7, 8)))
    written = point_columns.to_json(series)
    assert (written["b"][0], written["c"][2]) == ("=a", "=a")
    decoded: dict[str, Any] = {}
    read = {name: point_columns.from_json(written, name, decoded) for name in written}
    assert read == series and read["a"].steps is read["c"].steps
    for wrong in ("=x", "=b", "=", "?"):
        with pytest.raises(WrongType):
            point_columns.from_json({**written, "c": [wrong, *written["c"][1:]]}, "c")


NUMBERS = [0.1, -2.5e-300, 1e300, 3, -0.0, 0.30000000000000004, 123456789012345678901234]


def _texts(numbers: list[float]) -> NumberTexts:
    found = NumberTexts.of(b"".join(json.dumps(one).encode() + b"\0 " for one in numbers), len(numbers))
    assert found is not None
    return found


@pytest.mark.parametrize("count", [1, 2, 7, 700])
def test_numbers_in_digits_are_the_same_when_they_are_decoded(count: int) -> None:
    expected = [float(one) for one in (NUMBERS * 100)[:count]]
    texts = _texts((NUMBERS * 100)[:count])
    steps = array("q", range(count))
    written = point_columns.to_json({"loss": PointColumns(steps, texts, array("d", steps))})
    assert point_columns.last_value(written["loss"]) == expected[-1]
    assert point_columns.steps_and_values(written, "loss") == (steps, array("d", expected))
    read = point_columns.from_json(written, "loss")
    assert isinstance(read.values, NumberTexts) and len(read.values) == count
    assert repr(list(read.values)) == repr(expected) == repr(np.asarray(read.values).tolist())


def test_what_is_no_number_in_digits_is_not_taken_or_nan() -> None:
    assert NumberTexts.of(b"0.5 true ", 2) is None
    (first, second) = _texts([0.5]).of(b"0.5 1-2 ", 2) or ()
    assert first == 0.5 and math.isnan(second)
    short = NumberTexts(_texts([0.5]).packed, 3)  # of a damaged line
    assert repr(list(short)) == "[0.5, nan, nan]"


def test_a_metric_that_is_not_drawn_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    whole = NumberTexts.decoded

    def counted(texts: NumberTexts) -> array[float]:
        decoded.append(texts.packed.hex())
        return whole(texts)

    monkeypatch.setattr(NumberTexts, "decoded", counted)
    history = RunHistory("r1")
    for seq, first in ((1, 0), (2, 3)):
        steps = array("q", range(first, first + 3))
        series = {name: PointColumns(steps, _texts([0.5, 1.5, at]), array("d", steps))
                  for at, name in enumerate("abc")}  # fmt: skip
        event = Event(seq, 1.0, "columns", {"series": point_columns.to_json(series), "step": first + 2})
        history.fold(EventBatch((event,), caught_up=True))
    assert decoded == [] and len(history.series["c"]) == 6
    assert history.series["b"].values.tolist() == [0.5, 1.5, 1.0] * 2 and len(decoded) == 2


@pytest.mark.parametrize("columns", [["AAAA", "", ""], ["AAAAAAAAAAA=", "", ""], ["?", "?", "?"]])
def test_columns_that_are_damaged_are_an_error_that_names_the_event(columns: list[str]) -> None:
    with pytest.raises(CorruptRun, match="Event 7 is no columns"):
        fold.add(
            Event(7, 1.0, "columns", {"series": {"loss": columns}}), MetricCurves(CurvePoints, wall_clock)
        )


def test_after_a_rewind_the_step_itself_may_be_logged_again() -> None:
    curves = MetricCurves(CurvePoints, wall_clock)
    fold.add(Event(1, 1.0, "metrics", {"series": {"loss": [[1, 9], [3.0, 9.0]]}}), curves)
    fold.add(Event(2, 2.0, "restored", {"step": 5}), curves)
    fold.add(Event(3, 3.0, "metrics", {"series": {"loss": [[5, 6], [1.0, 0.5]]}}), curves)
    assert curves.by_metric["loss"].values == [3.0, 1.0, 0.5] and curves.step == 6


@pytest.mark.parametrize("facts", [{}, {"step": None}, {"step": "3"}])
def test_a_rewind_without_a_step_is_an_error_that_names_the_event(facts: dict[str, Any]) -> None:
    with pytest.raises(CorruptRun, match="Event 7 is no restored"):
        fold.add(Event(7, 1.0, "restored", facts), MetricCurves(CurvePoints, wall_clock))


def test_no_other_module_reads_the_event_of_a_rewind() -> None:
    """The worker writes it, and who reads a log that steps back; the list of events has a text for it. Its
    field is checked where it is parsed."""
    root = Path(fold.__file__).parents[1]
    named = {
        str(path.relative_to(root))
        for package in ("engine", "tui", "checkpoints")
        for path in (root / package).rglob("*.py")
        if '"restored"' in path.read_text()
    }
    writers = {"engine/worker/run.py", "engine/readers/history_writer.py", "engine/exec/script_events.py"}
    assert named == {"engine/fold.py", "engine/events.py", "tui/data/run_timeline.py", *writers}

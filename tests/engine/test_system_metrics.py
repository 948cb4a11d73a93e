"""Names and order of what a run used of its machine, and its curves."""

from __future__ import annotations

from math import isnan

from engine import fold, system_metrics
from engine.events import Event
from engine.fold import CurvePoints, MetricCurves

FACTS = {"step": 7, "cores": 2, "cpu": 98.3, "rss": 412, "mem": 37, "gpu": [[1, 31, 8731, 6.1, 212, 55]]}


def event(seq: int, kind: str, **facts: object) -> Event:
    return Event(seq, 1000.0 + seq, kind, facts)


def curves_of(*events: Event) -> dict[str, CurvePoints]:
    curves = MetricCurves(CurvePoints, fold.wall_clock, has_system=True)
    for one in events:
        fold.add(one, curves)
    return curves.by_metric


def test_an_event_has_the_names_and_units_of_wandb() -> None:
    assert system_metrics.values_of(FACTS) == {
        "system/cpu": 98.3,
        "system/proc.memory.rssMB": 412,
        "system/memory_percent": 37,
        "system/gpu.1.gpu": 31,
        "system/gpu.1.memoryAllocatedBytes": 8731 << 20,
        "system/gpu.1.memoryAllocated": 6.1,
        "system/gpu.1.powerWatts": 212,
        "system/gpu.1.temp": 55,
    }


def test_what_a_driver_does_not_tell_is_left_out_and_what_a_newer_version_writes_is_kept() -> None:
    facts = {"step": 1, "gpu": [[0, None, 5, None, None, None], "?", []], "fan": 40, "name": "x", "ok": True}
    assert system_metrics.values_of(facts) == {
        "system/gpu.0.memoryAllocatedBytes": 5 << 20,
        "system/fan": 40,
    }


def test_the_use_of_the_gpu_comes_first_then_the_processors() -> None:
    names = [*system_metrics.values_of(FACTS), "system/disk.vda.in"]
    ordered = [name.removeprefix("system/") for name in sorted(names, key=system_metrics.order_of)]
    assert ordered[:5] == ["gpu.1.gpu", "gpu.1.memoryAllocated", "cpu", "proc.memory.rssMB", "memory_percent"]
    assert ordered[-1] == "disk.vda.in"


def test_measurements_at_one_step_are_all_kept_and_a_value_that_stops_leaves_a_gap() -> None:
    found = curves_of(
        event(1, "started"),
        event(2, "system", step=0, cpu=10, gpu=[[0, 50]]),
        event(3, "system", step=0, cpu=20),
        event(4, "system", step=5, cpu=30),
        event(5, "system", step=9, cpu=40, gpu=[[0, 60]]),
    )
    assert found["system/cpu"].steps == [0, 0, 5, 9] and found["system/cpu"].values == [10, 20, 30, 40]
    gpu = found["system/gpu.0.gpu"]
    assert gpu.steps == [0, 0, 5, 9] and gpu.values[::3] == [50, 60] and all(map(isnan, gpu.values[1:3]))
    assert gpu.times == [1002.0, 1003.0, 1004.0, 1005.0]


def test_a_resumed_run_drops_what_was_measured_after_the_checkpoint() -> None:
    found = curves_of(
        event(1, "system", step=10, cpu=10),
        event(2, "system", step=20, cpu=20),
        event(3, "restored", step=15),
        event(4, "system", step=16, cpu=30),
    )
    assert found["system/cpu"].steps == [10, 16]


def test_without_a_wish_for_them_there_are_none() -> None:
    curves = MetricCurves(CurvePoints, fold.wall_clock)
    fold.add(event(1, "system", step=1, cpu=1), curves)
    assert curves.by_metric == {}

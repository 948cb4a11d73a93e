"""Means, peaks and idle times, folded from the events of a run."""

from __future__ import annotations

from array import array

from engine import fold, point_columns
from engine.events import Event
from engine.metric_goal import MetricGoal
from engine.point_columns import PointColumns
from engine.service.runs import event_summary, system_stats
from engine.service.runs.event_summary import RunStats


def stats_of(*measured: tuple[float, dict[str, object]], stats: RunStats | None = None) -> RunStats:
    """Of a run whose start is at 0; each with its time and its facts."""
    found = stats or RunStats()
    seq = found.seq + 1
    fold.add(Event(seq, 1000.0, "started", {}, 0.0), found)
    for at, facts in measured:
        seq += 1
        fold.add(Event(seq, 1000.0 + at, "system", {"step": seq, **facts}, at), found)
    return found


def gpu(use: int | None, megabytes: int = 1000, number: int = 0) -> list[object]:
    return [number, use, megabytes, 1.0, 100, 40]


def test_means_are_weighted_by_time_and_peaks_are_the_highest() -> None:
    found = stats_of((5, {"cores": 2, "cpu": 100, "rss": 400}), (20, {"cpu": 20, "rss": 300})).system
    use = found.use(0, is_over=True)
    assert (use.cores, use.of, use.cpu) == (0.8, 2, 40.0)
    assert found.peak_memory == 400 << 20 and found.peaks["system/cpu"] == 100


def test_while_it_trains_the_last_minute_counts() -> None:
    early = [(5.0 * n, {"cores": 2, "cpu": 100}) for n in range(1, 41)]
    late = [(200 + 5.0 * n, {"cpu": 10}) for n in range(1, 13)]
    found = stats_of(*early, *late).system
    assert found.use(0, is_over=False).cpu == 10
    assert 75 < (found.use(0, is_over=True).cpu or 0) < 85


def test_a_run_may_use_as_many_cores_as_it_has_threads() -> None:
    found = stats_of((5, {"cores": 8, "cpu": 25})).system
    assert found.use(2, is_over=True).of == 2 and found.use(16, is_over=True).of == 8


def test_idle_time_of_a_gpu_adds_up_and_what_is_not_known_is_none() -> None:
    found = stats_of(
        (60, {"gpu": [gpu(0)]}), (120, {"gpu": [gpu(5)]}), (125, {"gpu": [gpu(6)]}), (130, {"gpu": [gpu(0)]}),
        (200, {"cpu": 1}), (205, {"gpu": [gpu(0)]}),
    ).system  # fmt: skip
    assert (found.idle, found.idle_now) == (120, 5)
    again = stats_of((3, {"gpu": [gpu(0)]}), stats=RunStats(system=found)).system
    assert (again.idle, again.idle_now) == (120, 3), "the time between two attempts does not count"


def test_several_gpus_have_their_mean_use_and_their_memory_together() -> None:
    found = stats_of(
        (5, {"gpu": [gpu(100, 3000), gpu(50, 1000, 1)]}), (10, {"gpu": [gpu(None, 2000)]})
    ).system
    assert found.gpu_use == 75 and found.peak_gpu_memory == 4000 << 20


def test_points_of_an_imported_run_count_as_much_each() -> None:
    def column(*values: float) -> PointColumns:
        count = len(values)
        return PointColumns(array("q", range(count)), array("d", values), array("d", range(count)))

    series = point_columns.to_json({
        "system/cpu": column(10, 30), "system/gpu.0.gpu": column(20, 40, float("nan")), "loss": column(1.0),
        "system/gpu.process.0.gpu": column(99.0),
    })  # fmt: skip
    found = RunStats()
    fold.add(Event(1, 1.0, "columns", {"step": 2, "series": series}), found)
    use = found.system.use(0, is_over=True)
    assert (use.cores, use.cpu, use.gpu, use.disk_wait) == (None, 20, 30, None)
    assert found.system.peaks == {"system/cpu": 30, "system/gpu.0.gpu": 40, "system/gpu.process.0.gpu": 99}


def test_they_are_kept_in_the_index_and_stats_without_them_are_as_before() -> None:
    assert "system" not in event_summary.to_json(stats_of())
    found = stats_of((5, {"cores": 2, "cpu": 50, "rss": 400, "gpu": [gpu(0)]}))
    read = event_summary.from_json(event_summary.to_json(found), MetricGoal()).system
    assert read.use(0, is_over=True) == found.system.use(0, is_over=True) and read.peaks == found.system.peaks
    assert system_stats.peaks_in({"digest": event_summary.to_json(found)}) == found.system.peaks
    assert system_stats.peaks_in({}) == {}


def test_going_back_to_a_checkpoint_takes_back_nothing_that_was_used() -> None:
    found = stats_of((5, {"cores": 2, "cpu": 50, "rss": 400}))
    fold.add(Event(9, 1010.0, "restored", {"step": 0}), found)
    assert found.system.peak_memory == 400 << 20

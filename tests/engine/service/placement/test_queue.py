"""The queue: first come, first served, within the slots and GPUs, and a reason for each run that waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.service.placement.queue import (
    ActiveRun,
    FreeGpus,
    QueuedRun,
    QueuedStart,
    plan,
    slots_of,
    slots_used,
)


def waits(name: str, threads: int = 1, device: str = "cpu", since: float | None = None) -> QueuedRun:
    return QueuedRun(name, name, threads, device, float(ord(name[0])) if since is None else since)


def test_runs_start_in_the_order_they_came_while_there_are_slots() -> None:
    found = plan([waits("c"), waits("a"), waits("b")], [], 2, FreeGpus())
    assert found.starts == (QueuedStart("a", "cpu"), QueuedStart("b", "cpu"))
    assert found.reasons == {"c": "needs 1 CPU thread, 0 free: a holds 1, b holds 1"}


def test_the_reason_of_a_waiting_run_names_the_resource_and_the_runs_that_hold_it() -> None:
    found = plan([waits("a", 2), waits("b")], [ActiveRun("m", "mnist-3fa2", 2)], 2, FreeGpus())
    assert found.starts == ()
    assert found.reasons == {
        "a": "needs 2 CPU threads, 0 free: mnist-3fa2 holds 2",
        "b": "waits behind a",
    }


def test_no_later_run_starts_before_a_run_that_needs_more() -> None:
    found = plan([waits("a", 2), waits("b", 1)], [ActiveRun("m", "m", 1)], 2, FreeGpus())
    assert found.starts == ()
    assert found.reasons["b"] == "waits behind a, which needs 2 CPU threads (1 free); runs start in order"


def test_a_run_with_more_threads_than_cores_takes_all_slots() -> None:
    found = plan([waits("a", 64), waits("b")], [], 4, FreeGpus())
    assert found.starts == (QueuedStart("a", "cpu"),)
    assert found.reasons == {"b": "needs 1 CPU thread, 0 free: a holds 4"}


def test_many_holders_are_counted_not_listed() -> None:
    active = [ActiveRun(str(n), f"r{n}", 1) for n in range(5)]
    found = plan([waits("a")], active, 5, FreeGpus())
    assert found.reasons["a"] == "needs 1 CPU thread, 0 free: r0 holds 1, r1 holds 1, r2 holds 1 and 2 more"


def test_auto_takes_a_free_gpu_else_the_cpu() -> None:
    found = plan(
        [waits("a", 4, "auto"), waits("b", 2, "auto")], [], 4, FreeGpus(("GPU-1",), "it holds a run")
    )
    assert found.starts == (QueuedStart("a", "GPU-1"), QueuedStart("b", "cpu"))


def test_a_run_that_waits_for_a_gpu_does_not_block_cpu_runs() -> None:
    gpus = FreeGpus((), "H200 is used by others (100.0 GiB)")
    found = plan([waits("a", 1, "gpu"), waits("b", 1, "gpu"), waits("c", 1, "cpu")], [], 2, gpus)
    assert found.starts == (QueuedStart("c", "cpu"),)
    assert found.reasons == {
        "a": "needs a GPU: H200 is used by others (100.0 GiB)",
        "b": "waits behind a",
    }


def test_the_reason_names_a_machine_without_a_gpu() -> None:
    assert plan([waits("a", 1, "gpu")], [], 2, FreeGpus()).reasons == {
        "a": "needs a GPU: this machine has none"
    }


def test_auto_does_not_take_the_gpu_that_a_run_ahead_waits_for() -> None:
    full = [ActiveRun("m", "m", 2)]
    found = plan([waits("a", 1, "gpu"), waits("b", 1, "auto")], full, 2, FreeGpus(("GPU-1",)))
    assert found.starts == ()
    assert found.reasons["a"] == "needs 1 CPU thread, 0 free: m holds 2"


def test_a_run_on_a_gpu_takes_one_slot_whatever_its_threads() -> None:
    assert slots_of(16, "GPU-1", 16) == 1
    found = plan([waits("a", 16, "gpu"), waits("b", 15, "cpu")], [], 16, FreeGpus(("GPU-1",)))
    assert {start.id for start in found.starts} == {"a", "b"}


runs = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["auto", "cpu", "gpu"]), st.floats(0, 5)), max_size=12
)


@given(runs, st.integers(1, 8), st.integers(0, 3), st.lists(st.integers(1, 4), max_size=4))
def test_no_slot_and_no_gpu_is_given_twice_and_each_run_starts_or_has_a_reason(
    queued: list[tuple[int, str, float]], cores: int, gpus: int, held: list[int]
) -> None:
    waiting = [QueuedRun(f"r{n}", f"r{n}", *facts) for n, facts in enumerate(queued)]
    active = [ActiveRun(f"h{n}", f"h{n}", threads) for n, threads in enumerate(held)]
    found = plan(waiting, active, cores, FreeGpus(tuple(f"GPU-{n}" for n in range(gpus)), "none free"))
    started = {start.id: start.device for start in found.starts}
    assert started.keys() | found.reasons.keys() == {run.id for run in waiting}
    assert not started.keys() & found.reasons.keys()
    on_gpus = [device for device in started.values() if device != "cpu"]
    assert len(set(on_gpus)) == len(on_gpus) <= gpus
    by_id = {run.id: run for run in waiting}
    now = [ActiveRun(i, i, by_id[i].threads, "" if d == "cpu" else d) for i, d in started.items()]
    if now:
        assert slots_used([*active, *now], cores) <= cores
    for run in waiting:
        assert started.get(run.id, "cpu") == "cpu" or run.device != "cpu"
        assert run.device != "gpu" or started.get(run.id) != "cpu"


@given(runs, st.integers(1, 8))
def test_of_two_cpu_runs_the_later_never_starts_before_the_earlier(
    queued: list[tuple[int, str, float]], cores: int
) -> None:
    waiting = [
        QueuedRun(f"r{n:02d}", "r", threads, "cpu", since) for n, (threads, _, since) in enumerate(queued)
    ]
    found = plan(waiting, [], cores, FreeGpus())
    order = [run.id for run in sorted(waiting, key=lambda run: (run.since, run.id))]
    assert [start.id for start in found.starts] == order[: len(found.starts)]
    assert waiting == [] or found.starts, "an idle machine starts at least one"


def shares(name: str, share: float) -> QueuedRun:
    return QueuedRun(name, name, 1, "gpu", float(ord(name)), share)


def test_runs_with_a_share_use_one_gpu_until_it_is_full() -> None:
    queued = [shares("a", 0.5), shares("b", 0.5), shares("c", 0.5), shares("d", 1.0)]
    found = plan(queued, [], 8, FreeGpus(("g1", "g2")))
    assert found.starts == (QueuedStart("a", "g1"), QueuedStart("b", "g1"), QueuedStart("c", "g2"))
    assert set(found.reasons) == {"d"}


def test_three_thirds_are_one_gpu_and_a_run_with_a_whole_gpu_does_not_share_it() -> None:
    third = 1 / 3
    active = [ActiveRun("x", "x", 1, "g1", third), ActiveRun("y", "y", 1, "g1", third)]
    found = plan([shares("a", third), shares("b", third)], active, 8, FreeGpus((), "g1 holds runs", ("g1",)))
    assert found.starts == (QueuedStart("a", "g1"),) and found.reasons == {"b": "needs a GPU: g1 holds runs"}
    whole = plan([shares("a", 0.1)], [ActiveRun("x", "x", 1, "g1")], 8, FreeGpus((), "g1 is taken", ("g1",)))
    assert whole.starts == ()


def limited(name: str, *gpus: str, device: str = "gpu", share: float = 1.0) -> QueuedRun:
    return QueuedRun(name, name, 1, device, 0.0, share, gpus)


def test_a_run_takes_no_gpu_that_its_shell_hides() -> None:
    found = plan([limited("a", "GPU-2"), waits("b", 1, "gpu", 1.0)], [], 4, FreeGpus(("GPU-1", "GPU-2")))
    assert {start.id: start.device for start in found.starts} == {"a": "GPU-2", "b": "GPU-1"}


def test_a_run_that_waits_for_its_gpu_holds_up_only_runs_of_that_gpu() -> None:
    queued = [limited("a", "GPU-2"), limited("b", "GPU-2"), waits("c", 1, "gpu", 1.0)]
    found = plan(queued, [ActiveRun("m", "m", 1, "GPU-2")], 4, FreeGpus(("GPU-1",), "GPU-2 is used"))
    assert [start.id for start in found.starts] == ["c"]
    assert "CUDA_VISIBLE_DEVICES limits the choice" in found.reasons["a"]
    assert found.reasons["b"] == "waits behind a"


def test_a_shell_that_hides_all_gpus_runs_on_the_cpu() -> None:
    found = plan([limited("a", device="auto"), limited("b")], [], 4, FreeGpus(("GPU-1",)))
    assert [(start.id, start.device) for start in found.starts] == [("a", "cpu")]
    assert found.reasons == {"b": "needs a GPU: CUDA_VISIBLE_DEVICES of its shell leaves none (it is empty)"}


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ("", "it is empty"),
        ("-1", "-1 names none of this machine"),
        ("GPU-9", "GPU-9 names none of this machine"),
        ("MIG-3b1c", "MIG-3b1c is an instance, and runs are placed on whole GPUs: name the GPU"),
    ],
)
def test_what_the_shell_names_is_in_the_reason(limit: str, why: str) -> None:
    found = plan([QueuedRun("a", "a", 1, "gpu", 0.0, 1.0, (), limit)], [], 4, FreeGpus(("GPU-1",)))
    assert found.reasons["a"] == f"needs a GPU: CUDA_VISIBLE_DEVICES of its shell leaves none ({why})"


def test_a_shared_gpu_is_taken_where_the_shell_leaves_it() -> None:
    active = [ActiveRun("m", "m", 1, "GPU-1", 0.5)]
    found = plan([limited("a", "GPU-2", share=0.5)], active, 4, FreeGpus((), "none is free", ("GPU-1",)))
    assert found.starts == ()
    found = plan([limited("a", "GPU-1", share=0.5)], active, 4, FreeGpus((), "none is free", ("GPU-1",)))
    assert [start.device for start in found.starts] == ["GPU-1"]

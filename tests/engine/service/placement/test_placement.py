"""A GPU has one run at a time, none while other users train on it, and opens and closes with hysteresis."""

from __future__ import annotations

from engine.machine_protocol import Gpu
from engine.service.placement.gpus import GIB, GpuPlacement
from engine.service.placement.queue import FreeGpus


def gpu(uuid: str, used: float = 0, foreign: float = 0, total: float = 80) -> Gpu:
    return Gpu("H200", uuid, int(used * GIB), int(total * GIB), 0.0, int(foreign * GIB))


def test_a_machine_without_a_gpu_is_reported() -> None:
    assert GpuPlacement().update([], []) == FreeGpus((), "this machine has none")


def test_the_gpu_with_the_most_free_memory_comes_first() -> None:
    assert GpuPlacement().update([gpu("a", 20), gpu("b", 3), gpu("c", 10)], []).free == ("b", "c", "a")


def test_a_preferred_order_excludes_all_other_gpus() -> None:
    gate = GpuPlacement(order=("c", "0"))
    assert gate.update([gpu("a", 20), gpu("b"), gpu("c", 30)], []).free == ("c", "a")
    assert GpuPlacement(order=("z",)).update([gpu("a")], []) == FreeGpus(
        (), "DLTUI_GPUS=z names none that this machine has"
    )


def test_a_gpu_with_a_run_of_ours_is_not_free() -> None:
    found = GpuPlacement().update([gpu("a", 30), gpu("b")], ["a"])
    assert found.free == ("b",) and found.why_none == "H200 is used by a run of dltui"


def test_a_gpu_that_other_users_train_on_is_not_free() -> None:
    found = GpuPlacement().update([gpu("a", 40, foreign=40)], [])
    assert found == FreeGpus((), "H200 is used by others (40.0 GiB)")
    assert GpuPlacement().update([gpu("a", 0.5, foreign=0.5)], []).free == ("a",), "a desktop is no training"


def test_a_gpu_with_little_free_memory_is_closed() -> None:
    assert GpuPlacement().update([gpu("a", 77)], []) == FreeGpus((), "H200 has 3.0 GiB free, expected 4")


def test_values_that_vary_about_a_limit_do_not_open_and_close_a_gpu() -> None:
    gate = GpuPlacement()
    assert gate.update([gpu("a", 75)], []).free == ("a",)
    assert gate.update([gpu("a", 77)], []).free == ("a",), "open: closes below 2 GiB only"
    assert gate.update([gpu("a", 78.5)], []).free == ()
    assert gate.update([gpu("a", 77)], []).free == (), "closed: opens at 4 GiB only"
    assert gate.update([gpu("a", 75)], []).free == ("a",)
    assert gate.update([gpu("a", 1, foreign=1.5)], []).free == ("a",)
    assert gate.update([gpu("a", 1, foreign=2.5)], []).free == ()
    assert gate.update([gpu("a", 1, foreign=1.5)], []).free == ()


def test_a_gpu_whose_run_has_just_ended_is_open() -> None:
    gate = GpuPlacement()
    assert gate.update([gpu("a", 77)], ["a"]).free == ()
    assert gate.update([gpu("a", 77)], []).free == ("a",)


def test_a_gpu_with_a_run_of_ours_takes_another_share_while_it_has_memory_left() -> None:
    assert GpuPlacement().update([gpu("a", 30), gpu("b")], ["a"]).shared == ("a",)
    assert GpuPlacement().update([gpu("a", 79)], ["a"]).shared == ()
    assert GpuPlacement().update([gpu("a", 30, foreign=20)], ["a"]).shared == ()

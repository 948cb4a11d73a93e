"""GPUs are given to one run at a time, never taken from others, and do not open and shut in a flutter."""

from __future__ import annotations

from engine.protocol import Gpu
from engine.service.placement.placement import GIB, GpuPlacement
from engine.service.placement.queue import Gpus


def gpu(uuid: str, used: float = 0, foreign: float = 0, total: float = 80) -> Gpu:
    return Gpu("H200", uuid, int(used * GIB), int(total * GIB), 0.0, int(foreign * GIB))


def test_no_gpu_is_said_as_such() -> None:
    assert GpuPlacement().update([], []) == Gpus((), "this machine has none")


def test_the_gpu_with_the_most_free_memory_comes_first() -> None:
    assert GpuPlacement().update([gpu("a", 20), gpu("b", 3), gpu("c", 10)], []).free == ("b", "c", "a")


def test_a_preferred_order_holds_and_shuts_all_others() -> None:
    gate = GpuPlacement(order=("c", "0"))
    assert gate.update([gpu("a", 20), gpu("b"), gpu("c", 30)], []).free == ("c", "a")
    assert GpuPlacement(order=("z",)).update([gpu("a")], []) == Gpus(
        (), "DLTUI_GPUS=z names none that this machine has"
    )


def test_a_gpu_that_holds_a_run_of_ours_is_not_given_again() -> None:
    found = GpuPlacement().update([gpu("a", 30), gpu("b")], ["a"])
    assert found.free == ("b",) and found.why_none == "H200 is used by a run of dltui"


def test_a_gpu_others_train_on_is_left_to_them() -> None:
    found = GpuPlacement().update([gpu("a", 40, foreign=40)], [])
    assert found == Gpus((), "H200 is used by others (40.0 GiB)")
    assert GpuPlacement().update([gpu("a", 0.5, foreign=0.5)], []).free == ("a",), "a desktop is no training"


def test_a_gpu_with_little_memory_left_is_shut() -> None:
    assert GpuPlacement().update([gpu("a", 77)], []) == Gpus((), "H200 has 3.0 GiB free, expected 4")


def test_values_that_swing_about_a_limit_do_not_open_and_shut() -> None:
    gate = GpuPlacement()
    assert gate.update([gpu("a", 75)], []).free == ("a",)
    assert gate.update([gpu("a", 77)], []).free == ("a",), "open: shuts below 2 GiB only"
    assert gate.update([gpu("a", 78.5)], []).free == ()
    assert gate.update([gpu("a", 77)], []).free == (), "shut: opens at 4 GiB only"
    assert gate.update([gpu("a", 75)], []).free == ("a",)
    assert gate.update([gpu("a", 1, foreign=1.5)], []).free == ("a",)
    assert gate.update([gpu("a", 1, foreign=2.5)], []).free == ()
    assert gate.update([gpu("a", 1, foreign=1.5)], []).free == ()


def test_a_gpu_our_run_has_just_left_is_open_again() -> None:
    gate = GpuPlacement()
    assert gate.update([gpu("a", 77)], ["a"]).free == ()
    assert gate.update([gpu("a", 77)], []).free == ("a",)


def test_a_gpu_with_a_run_of_ours_takes_another_share_while_it_has_memory_left() -> None:
    assert GpuPlacement().update([gpu("a", 30), gpu("b")], ["a"]).shared == ("a",)
    assert GpuPlacement().update([gpu("a", 79)], ["a"]).shared == ()
    assert GpuPlacement().update([gpu("a", 30, foreign=20)], ["a"]).shared == ()

"""What sketches and answers say of a layer."""

from __future__ import annotations

from tui.mnist.snapshot import layers_of, look_of, sketched

PARTS = {
    "filters/conv1": [[[[0.5, -1.0], [0.0, 0.25]]]] * 3,
    "maps/conv1": [[[[0, 255], [51, 0]]] * 3] * 4,
}


def test_a_sketch_has_filters_and_the_maps_behind_the_relu() -> None:
    moment = sketched(PARTS, "conv1", [[[0, 255], [0, 0]]])
    assert layers_of(PARTS) == ["conv1"]
    assert moment.kernels is not None and moment.kernels.shape == (3, 1, 2, 2)
    assert moment.kernels.min() == -1
    look = moment.looks[0]
    assert look.before is None and look.after is not None and look.after[0].tolist() == [[0, 1], [0.2, 0]]
    assert look.original is not None and moment.looks[3].original is None


def test_a_sketch_of_something_else_shows_nothing() -> None:
    moment = sketched({"filters/conv1": "x", "maps/conv1": [[1], [2, 3]]}, "conv1", ())
    assert moment.kernels is None and moment.looks == []


def test_maps_of_a_checkpoint_are_there_before_and_after() -> None:
    levels = {"low": -2.0, "high": 2.0, "levels": [[[0, 255]]]}
    answer = {
        "original": [[0]],
        "layers": [{"name": "c", "shape": [1, 1, 2], "before": levels, "after": levels}],
    }
    look = look_of(answer, "c")
    assert look.before is not None and look.before.tolist() == [[[-1, 1]]]
    assert look.after is not None and look.after.tolist() == [[[0, 1]]]
    assert look_of(answer, "other").after is None

"""Snapshots of a layer from `sketch` events and from responses of mnist.maps."""

from __future__ import annotations

from engine.session_protocol.mnist import LayerMaps, Levels
from tui.mnist.layer_snapshot import layers_of, picture_maps, snapshot_of

PARTS = {
    "filters/conv1": [[[[0.5, -1.0], [0.0, 0.25]]]] * 3,
    "maps/conv1": [[[[0, 255], [51, 0]]] * 3] * 4,
}


def test_a_sketch_event_has_filters_and_maps_after_the_relu() -> None:
    snapshot = snapshot_of(PARTS, "conv1", [[[0, 255], [0, 0]]])
    assert layers_of(PARTS) == ["conv1"]
    assert snapshot.kernels is not None and snapshot.kernels.shape == (3, 1, 2, 2)
    assert snapshot.kernels.min() == -1
    picture = snapshot.pictures[0]
    assert (
        picture.before is None
        and picture.after is not None
        and picture.after[0].tolist() == [[0, 1], [0.2, 0]]
    )
    assert picture.original is not None and snapshot.pictures[3].original is None


def test_invalid_parts_are_an_empty_snapshot() -> None:
    snapshot = snapshot_of({"filters/conv1": "x", "maps/conv1": [[1], [2, 3]]}, "conv1", ())
    assert snapshot.kernels is None and snapshot.pictures == []


def test_maps_of_a_checkpoint_are_those_before_and_after_the_relu() -> None:
    levels = Levels(-2.0, 2.0, [[[0, 255]]])
    picture = picture_maps([[0]], LayerMaps("c", "conv", [1, 1, 2], levels, levels))
    assert picture.before is not None and picture.before.tolist() == [[[-1, 1]]]
    assert picture.after is not None and picture.after.tolist() == [[[0, 1]]]
    assert picture_maps([[0]], None).after is None

"""A training of plain arrays: captured, restored in place, and refused where it does not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import folder as shelf
from checkpoints import numpy_io
from checkpoints.errors import DamagedCheckpoint, MismatchedCheckpoint, NotFinite
from checkpoints.folder import Verified
from checkpoints.numpy_io import ArrayState


class Walk:
    """Two arrays and a count."""

    def __init__(self, size: int = 5) -> None:
        self.place, self.speed, self.steps = np.zeros(size, np.float32), np.ones(size, np.float32), 0

    def step(self) -> None:
        self.speed *= np.float32(0.9)
        self.place += self.speed
        self.steps += 1

    def model_arrays(self) -> dict[str, Any]:
        return {"place": self.place}

    def train_arrays(self) -> dict[str, Any]:
        return {"speed": self.speed}

    def state_dict(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.steps = int(state["steps"])


def saved(root: Path, walk: Walk) -> Verified:
    captured = ArrayState(walk).capture(walk.steps)
    shelf.write(
        root, walk.steps, captured.files(), run_id="walk", weights_sha256=captured.weights_sha256(),
        env=captured.env, acknowledge=lambda found: None,
    )  # fmt: skip
    verified, damaged = shelf.newest_intact(root)
    assert verified is not None and not damaged
    return verified


@pytest.fixture
def walked(tmp_path: Path) -> tuple[Walk, Verified]:
    walk = Walk()
    for _ in range(3):
        walk.step()
    return walk, saved(tmp_path / "checkpoints", walk)


def test_it_goes_on_where_it_was_in_the_same_arrays(walked: tuple[Walk, Verified]) -> None:
    walk, verified = walked
    again = Walk()
    place = again.place
    assert ArrayState(again).restore(verified) == 3
    assert again.place is place and again.steps == 3
    for one in (walk, again):
        one.step()
    assert (walk.place.tobytes(), walk.speed.tobytes()) == (again.place.tobytes(), again.speed.tobytes())


def test_what_was_captured_is_a_copy(tmp_path: Path) -> None:
    walk = Walk()
    captured = ArrayState(walk).capture(0)
    walk.step()
    assert captured.model["place"].tolist() == [0] * 5


@pytest.mark.parametrize(
    "change",
    [
        lambda walk: setattr(walk, "place", np.zeros(6, np.float32)),
        lambda walk: setattr(walk, "speed", np.ones(5, np.float64)),
        lambda walk: setattr(walk, "train_arrays", lambda: {"speed": walk.speed, "more": walk.speed}),
    ],
    ids=["shape", "dtype", "name"],
)
def test_arrays_that_do_not_fit_are_refused_and_nothing_is_touched(
    walked: tuple[Walk, Verified], change: Callable[[Walk], None]
) -> None:
    again = Walk()
    change(again)
    before = again.place.tobytes(), again.speed.tobytes()
    with pytest.raises(MismatchedCheckpoint, match="expected"):
        ArrayState(again).restore(walked[1])
    assert (again.place.tobytes(), again.speed.tobytes(), again.steps) == (*before, 0)


def test_another_numpy_is_refused_by_a_strict_resume(
    walked: tuple[Walk, Verified], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numpy_io, "environment", lambda: {"numpy": "0.1"})
    with pytest.raises(MismatchedCheckpoint, match=r"numpy was .*, is 0\.1"):
        ArrayState(Walk()).restore(walked[1])
    assert ArrayState(Walk()).restore(walked[1], strict=False) == 3


def test_a_state_of_another_program_is_damaged(
    walked: tuple[Walk, Verified], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(Walk):
        def load_state_dict(self, state: dict[str, Any]) -> None:
            raise KeyError("metres")

    with pytest.raises(DamagedCheckpoint, match="metres"):
        ArrayState(Other()).restore(walked[1])


def test_what_is_not_finite_is_not_captured() -> None:
    walk = Walk()
    walk.speed[2] = np.inf
    with pytest.raises(NotFinite):
        ArrayState(walk).capture(0)

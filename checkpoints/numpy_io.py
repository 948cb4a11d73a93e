"""A training that consists of NumPy arrays to and from a checkpoint, bit for bit."""

from __future__ import annotations

import copy
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from checkpoints.captured import Captured, opened
from checkpoints.errors import DamagedCheckpoint, MismatchedCheckpoint
from checkpoints.folder import Verified
from checkpoints.manifest import Fact
from checkpoints.tensors import Arrays


class Training(Protocol):
    """What lives in arrays, which are written in place by a restore, and what is plain data."""

    def model_arrays(self) -> Arrays: ...

    def train_arrays(self) -> Arrays: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any], /) -> object: ...


def environment() -> dict[str, Fact]:
    """What the bits of a result depend on, as far as NumPy knows it."""
    return {"framework": "numpy", "numpy": np.__version__, "python": platform.python_version()}


@dataclass(frozen=True, slots=True)
class ArrayState:
    training: Training
    added: frozenset[str] = frozenset()
    """training arrays that a checkpoint of before may lack: they stay as they begin"""

    def capture(self, step: int) -> Captured:
        """Copy everything, between two updates. Raises NotFinite."""
        model, train = (
            {name: array.copy() for name, array in arrays.items()}
            for arrays in (self.training.model_arrays(), self.training.train_arrays())
        )
        return Captured(step, model, train, copy.deepcopy(self.training.state_dict()), environment())

    def restore(self, verified: Verified, *, strict: bool = True) -> int:
        """Go back to a checkpoint; returns its step. Nothing is touched unless all of it fits.

        Raises DamagedCheckpoint and MismatchedCheckpoint.
        """
        captured = opened(verified)
        recorded, here = captured.env.get("numpy"), environment()["numpy"]
        if strict and recorded != here:
            raise MismatchedCheckpoint(
                f"An exact resume is not possible here: numpy was {recorded}, is {here}.",
                "Restore that, or resume with --fast: statistically equal, not bit for bit.",
            )
        model, train = self.training.model_arrays(), self.training.train_arrays()
        _check("model", model, captured.model)
        lacking = self.added - captured.train.keys()
        train = {name: array for name, array in train.items() if name not in lacking}
        _check("training", train, captured.train)
        try:
            self.training.load_state_dict(copy.deepcopy(dict(captured.state)))
        except (KeyError, TypeError, ValueError) as error:  # whole, but written by no program of ours
            raise DamagedCheckpoint(verified.path, f"its training state lacks {error}") from error
        for own, came in ((model, captured.model), (train, captured.train)):
            for name, array in own.items():
                array[...] = came[name]
        return captured.step


def _check(whose: str, own: Mapping[str, Any], came: Arrays) -> None:
    """Compare names, shapes and dtypes; the first difference is named."""
    expected, found = (
        {name: (array.shape, array.dtype.name) for name, array in arrays.items()} for arrays in (own, came)
    )
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise MismatchedCheckpoint(
                f"{whose} array {name}: expected {expected.get(name)}, got {found.get(name)}.",
                "Resume with the parameters of the run.",
            )

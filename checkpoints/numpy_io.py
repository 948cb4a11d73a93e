"""Saving and restoring a training that consists of NumPy arrays, bit for bit."""

from __future__ import annotations

import copy
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from checkpoints import randomness, restore_checks
from checkpoints.checkpoint_content import Captured
from checkpoints.errors import MismatchedCheckpoint
from checkpoints.folder import Verified
from checkpoints.manifest import Fact
from checkpoints.tensors import Arrays


class Training(restore_checks.Extra, Protocol):
    """A training: its arrays, which a restore overwrites in place, and its plain data."""

    def model_arrays(self) -> Arrays: ...

    def train_arrays(self) -> Arrays: ...


@dataclass(frozen=True, slots=True)
class ArrayDicts:
    """A Training whose arrays are in dictionaries, changed in place, with its random generators."""

    model: Arrays
    train: Arrays = field(default_factory=dict)
    generators: Mapping[str, np.random.Generator] = field(default_factory=dict)

    def model_arrays(self) -> Arrays:
        return self.model

    def train_arrays(self) -> Arrays:
        return self.train

    def state_dict(self) -> dict[str, Any]:
        return {name: generator.bit_generator.state for name, generator in self.generators.items()}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Raises MismatchedCheckpoint for other generators."""
        restore_checks.check_equal("generators", sorted(self.generators), sorted(state))
        for name, generator in self.generators.items():
            generator.bit_generator.state = state[name]


class NamedParts(ArrayDicts):
    """As ArrayDicts; the global random states of NumPy and of Python are part of the training too."""

    def state_dict(self) -> dict[str, Any]:
        return randomness.capture(self.generators)

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Raises MismatchedCheckpoint for other generators."""
        restore_checks.check_equal("generators", sorted(self.generators), sorted(state["generators"]))
        randomness.restore(state, self.generators)


def environment() -> dict[str, Fact]:
    """Versions that the bits of a result depend on."""
    return {"framework": "numpy", "numpy": np.__version__, "python": platform.python_version()}


@dataclass(frozen=True, slots=True)
class ArrayState:
    training: Training
    added: frozenset[str] = frozenset()
    """training arrays that a checkpoint of an earlier version may lack: they keep their initial values"""

    def capture(self, step: int) -> Captured:
        """Copy everything, between two updates. Raises NotFinite."""
        model, train = (
            {name: array.copy() for name, array in arrays.items()}
            for arrays in (self.training.model_arrays(), self.training.train_arrays())
        )
        return Captured(step, model, train, copy.deepcopy(self.training.state_dict()), environment())

    def restore(self, verified: Verified, *, strict: bool = True) -> int:
        """Restore a checkpoint; returns its step. Nothing is changed unless all of it fits.

        Raises DamagedCheckpoint and MismatchedCheckpoint.
        """
        return restore_checks.restore(verified, self._check_fit, environment(), ("numpy",) if strict else ())

    def begin(self, verified: Verified, *, keeps_random: bool) -> int:
        """Begin another training with a checkpoint; returns its step. Random states are part of its plain
        data.

        Raises DamagedCheckpoint and MismatchedCheckpoint.
        """
        return self.restore(verified, strict=False)

    def _check_fit(self, captured: Captured) -> Callable[[], None]:
        """Check that everything fits and load the plain data; returns a function that writes the arrays."""
        model, train = self.training.model_arrays(), self.training.train_arrays()
        _check("model", model, captured.model)
        lacking = self.added - captured.train.keys()
        train = {name: array for name, array in train.items() if name not in lacking}
        _check("training", train, captured.train)
        self.training.load_state_dict(copy.deepcopy(dict(captured.state)))

        def apply() -> None:
            for own, given in ((model, captured.model), (train, captured.train)):
                for name, array in own.items():
                    array[...] = given[name]

        return apply


def _check(owner: str, own: Mapping[str, Any], given: Arrays) -> None:
    """Compare names, shapes and dtypes. Raises MismatchedCheckpoint for the first difference."""
    expected, found = restore_checks.outlines(own), restore_checks.outlines(given)
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise MismatchedCheckpoint(
                f"{owner} array {name}: expected {expected.get(name)}, got {found.get(name)}.",
                restore_checks.REMEDY,
            )

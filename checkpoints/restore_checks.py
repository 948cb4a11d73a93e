"""Restoring a checkpoint into a training: checks that do not depend on the framework, and their errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from checkpoints.checkpoint_content import Captured, parse
from checkpoints.errors import DamagedCheckpoint, MismatchedCheckpoint
from checkpoints.folder import Verified
from checkpoints.manifest import Fact
from checkpoints.tensors import Arrays

REMEDY = "Resume with the parameters of the run."


class Extra(Protocol):
    """Another part of a training with a state of plain data: early stopping, an average, a curriculum."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any], /) -> object: ...


def restore(
    verified: Verified,
    check_fit: Callable[[Captured], Callable[[], None]],
    here: Mapping[str, Fact],
    exact: tuple[str, ...],
) -> int:
    """Restore a checkpoint; returns its step. Nothing is changed unless all of it fits.

    `check_fit` returns a function that applies the checkpoint and cannot fail. The facts `exact` of the
    environment `here` have to equal the recorded ones. Raises DamagedCheckpoint and MismatchedCheckpoint.
    """
    captured = parse(verified)
    differences = [
        f"{key} was {captured.env.get(key)}, is {here[key]}"
        for key in exact
        if captured.env.get(key) != here[key]
    ]
    if differences:
        raise MismatchedCheckpoint(
            f"An exact resume is not possible here: {'; '.join(differences)}.",
            "Restore that, or resume with --fast: statistically equal, not bit for bit.",
        )
    try:
        apply = check_fit(captured)
    except (KeyError, TypeError, ValueError, AttributeError) as error:  # not written by this program
        raise DamagedCheckpoint(verified.path, f"its training state lacks {error}") from error
    apply()
    return captured.step


def check_equal(what: str, expected: object, found: object) -> None:
    """Raises MismatchedCheckpoint."""
    if expected != found:
        raise MismatchedCheckpoint(f"The checkpoint has {what} {found}, expected {expected}.", REMEDY)


def check_tensors(owner: str, expected: Mapping[str, object], found: Mapping[str, object]) -> None:
    """Compare names, then shapes and dtypes. Raises MismatchedCheckpoint for the first difference."""
    lacking, foreign = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if lacking or foreign:
        raise MismatchedCheckpoint(
            f"The checkpoint is of another {owner}: it lacks {lacking[:5]} and has {foreign[:5]} too many.",
            REMEDY,
        )
    for name in expected:
        check_equal(f"{owner} tensor {name} of", expected[name], found[name])


def outlines(arrays: Arrays) -> dict[str, object]:
    """{name: (shape, dtype)}."""
    return {name: (array.shape, array.dtype.name) for name, array in arrays.items()}

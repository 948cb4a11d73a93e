"""Making a run longer than was asked: which parameters may grow, and by what."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine import catalog, params
from engine.errors import ParamError, RunRefused
from engine.params import Value
from engine.protocol import RunSummary, Spec, Status

LENGTHS = ("epochs", "iterations", "steps")
"""parameters that only say when training ends"""
REACHED = ("target", "patience")
"""parameters that end a training before its last step"""


def check_unfinished(run: RunSummary) -> None:
    """Raises RunRefused for a run that ended before its last step, because it had reached what it was to."""
    if run.status is Status.DONE and run.step < run.total_steps:
        reached = [name for name in REACHED if run.spec.params.get(name)]
        raise RunRefused(
            f"{run.spec.name} ended by itself at step {run.step:,} of {run.total_steps:,}, by its "
            f"{' or '.join(reached) or 'own rule'}: a longer run would end there too.",
            f"Start another with another {' or '.join(reached)}." if reached else "",
        )


def _length(value: Value) -> float:
    """One that is not given ends nothing."""
    return value if isinstance(value, int | float) else math.inf


def checked(spec: Spec, changes: Mapping[str, object], *, holds_last: bool = False) -> dict[str, Value]:
    """The lengths that are to hold. Raises ParamError naming the field, what was expected and what came.

    `holds_last`: its newest checkpoint has the last weights, as far as is known.
    """
    experiment = catalog.find(spec.experiment)
    declared = {param.name: param for param in params.declared(experiment.params)}
    known = [name for name in LENGTHS if name in declared]
    meant: dict[str, Value] = {}
    for name, given in changes.items():
        if name not in known:
            raise ParamError(
                f"{name[:80]!r} cannot be extended.", f"These can: {', '.join(known) or 'none'}."
            )
        value, before = params.read(declared[name], given), spec.params[name]
        if _length(value) < _length(before):
            now = params.said(declared[name], before)
            raise ParamError(f"{name}: expected {now} or more, which it has now, got {value}.")
        meant[name] = value
    built = params.build(experiment.params, {**spec.params, **meant})
    check_longer = getattr(built, "check_longer", None)
    if check_longer is not None:
        check_longer(holds_last=holds_last)
    return meant

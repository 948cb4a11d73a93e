"""Extend a run: which parameters may be increased, and to what."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine import catalog, params
from engine.errors import ParamError, RunRefused
from engine.params import Value
from engine.protocol import RunSummary, Spec, Status

LENGTHS = ("epochs", "iterations", "steps")
"""parameters that set only when training ends"""
EARLY_STOPS = ("target", "patience")
"""parameters that end training before its last step"""


def check_unfinished(run: RunSummary) -> None:
    """Raises RunRefused for a run that is done but stopped early: a longer run would stop there too."""
    if run.status is Status.DONE and run.step < run.total_steps:
        early_stops = [name for name in EARLY_STOPS if run.spec.params.get(name)]
        raise RunRefused(
            f"{run.spec.name} ended by itself at step {run.step:,} of {run.total_steps:,}, by its "
            f"{' or '.join(early_stops) or 'own rule'}: a longer run would end there too.",
            f"Start another with another {' or '.join(early_stops)}." if early_stops else "",
        )


def _length(value: Value) -> float:
    """Infinite where the parameter is not set."""
    return value if isinstance(value, int | float) else math.inf


def extended_lengths(
    spec: Spec, changes: Mapping[str, object], *, holds_last: bool = False
) -> dict[str, Value]:
    """The new values of LENGTHS parameters. Raises ParamError naming field, expected and given value.

    `holds_last`: the newest checkpoint is known to have the last weights, not only the best.
    """
    if spec.command is not None:
        raise ParamError(
            "A command cannot be extended.", "Run it again with another value: R, or dltui exec."
        )
    experiment = catalog.of(spec)
    declared = {param.name: param for param in params.declared(experiment.params)}
    known = [name for name in LENGTHS if name in declared]
    extended: dict[str, Value] = {}
    for name, entered in changes.items():
        if name not in known:
            raise ParamError(
                f"{name[:80]!r} cannot be extended.", f"These can: {', '.join(known) or 'none'}."
            )
        value, before = params.parse_value(declared[name], entered), spec.params[name]
        if _length(value) < _length(before):
            shown = params.format_value(declared[name], before)
            raise ParamError(f"{name}: expected {shown} or more, which it has now, got {value}.")
        extended[name] = value
    built = params.build(experiment.params, {**spec.params, **extended})
    check_longer = getattr(built, "check_longer", None)
    if check_longer is not None:
        check_longer(holds_last=holds_last)
    return extended

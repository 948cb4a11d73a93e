"""What to notify of: the changes of a run or a sweep that the settings name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from operator import attrgetter

from engine.errors import InputError
from engine.filter_fields import ALIASES, FIELDS, SOURCES
from engine.notifications import Notification, NotificationSettings
from engine.params import Value
from engine.protocol import RunSummary, Status
from engine.service.index.filter_parser import fields_of, parse
from engine.service.index.filter_predicate import RowFields, predicate
from engine.service.placement.machine_monitor import STALLED
from engine.sweep_protocol import SweepStatus, SweepSummary, TrialStatus

Condition = Callable[[RunSummary], bool]
FAILURES = (Status.FAILED, Status.LOST)


def notifications_of_run(
    settings: NotificationSettings, condition: Condition | None, before: RunSummary | None, after: RunSummary
) -> Iterator[Notification]:
    """`before` is None where the service has just learned of the run: nothing is told of it then."""
    if before is None:
        return
    is_trial = bool(after.spec.sweep)
    has_ended = before.status is not after.status and not is_trial
    if settings.end and has_ended and after.status is Status.DONE:
        yield _of_run("end", after, f"{_title(after)} is done", _values(after))
    if settings.failure and has_ended and after.status in FAILURES:
        cause = after.cause.text if after.cause else ""
        verb = "failed" if after.status is Status.FAILED else "is lost"
        yield _of_run("failure", after, f"{_title(after)} {verb}", cause)
    if settings.stall and STALLED in after.notice and STALLED not in before.notice:
        yield _of_run("stall", after, f"{_title(after)} has stalled", after.notice)
    if condition is not None and condition(after) and not condition(before):
        yield _of_run("condition", after, f"{_title(after)}: {settings.condition}", _values(after))


def notifications_of_sweep(
    settings: NotificationSettings, before: SweepSummary | None, after: SweepSummary
) -> Iterator[Notification]:
    if before is None or before.status is after.status or after.status is not SweepStatus.DONE:
        return
    if settings.end or (settings.failure and after.counts.get(TrialStatus.FAILED)):
        counts = ", ".join(f"{count} {status}" for status, count in after.counts.items() if count)
        title = f"sweep {after.spec.name or after.id} is done"
        yield Notification("end", title, counts, after.id, time.time())


def parse_condition(text: str) -> Condition | None:
    """None for an empty text. Raises InputError, also for what compares nothing or asks for a table."""
    clause = parse(text)
    if clause is None:
        return None
    names = fields_of(clause)
    if not names:
        raise InputError(f"condition: expected a comparison such as val_loss<0.1, got {text[:80]!r}.")
    for name in names:
        if ALIASES.get(name, name) in UNKNOWN:
            raise InputError(
                f"condition: {name} is a field of tables alone; expected a metric, for instance."
            )
    return predicate(clause, _RUN_FIELDS)


def _value_of(run: RunSummary, name: str) -> object:
    """A fact, else a metric, else a live or submitted parameter; None where it has none."""
    name = ALIASES.get(name, name)
    for source, values in zip(SOURCES, (_params_of(run), run.metrics), strict=True):
        if name.startswith(source):
            return values.get(name.removeprefix(source))
    if name in _FACTS:
        return _FACTS[name](run)
    return run.metrics.get(name, _params_of(run).get(name))


def _params_of(run: RunSummary) -> dict[str, Value]:
    return {**run.spec.params, **run.live}


def _of_measured(name: str) -> Callable[[RunSummary], object]:
    """None where it was not measured."""
    return lambda run: getattr(run, name) or None


_FACTS: dict[str, Callable[[RunSummary], object]] = {
    "created": lambda run: run.spec.created_at,
    "best": lambda run: run.best.value if run.best else None,
    "cause": lambda run: str(run.cause.kind) if run.cause else None,
    "status": lambda run: str(run.status),
    **{name: attrgetter(f"spec.{name}") for name in ("id", "name", "experiment", "sweep", "trial", "seed")},
    **{name: attrgetter(name) for name in ("step", "total_steps", "attempt", "rate", "device")},
    **{name: _of_measured(name) for name in ("peak_memory", "peak_gpu_memory", "gpu_use", "gpu_idle")},
}
UNKNOWN = {one.name for one in FIELDS} - _FACTS.keys()
"""fields that need the index or the clock: tags, note, parent, age"""
_RUN_FIELDS: RowFields[RunSummary] = RowFields(
    _value_of, _params_of, lambda run: (run.id, run.spec.name, run.spec.experiment, str(run.status))
)


def _of_run(kind: str, run: RunSummary, title: str, text: str) -> Notification:
    return Notification(kind, title, text, run.id, time.time())


def _title(run: RunSummary) -> str:
    return run.spec.name or f"{run.spec.experiment} {run.id[-4:]}"


def _values(run: RunSummary) -> str:
    """Such as `step 400, loss 0.021, val_loss 0.034; best 0.031 at step 380`."""
    values = [f"{name} {value:.4g}" for name, value in list(run.metrics.items())[:6]]
    best = f"; best {run.best.metric} {run.best.value:.4g} at step {run.best.step:,}" if run.best else ""
    return f"{', '.join([f'step {run.step:,}', *values])}{best}"

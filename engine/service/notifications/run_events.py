"""What to notify of: the changes of a run or a sweep that the settings name."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

from engine import filter_fields
from engine.errors import InputError
from engine.notifications import Notification, NotificationSettings
from engine.protocol import RunSummary, Status
from engine.service.index.filter_parser import And, Clause, Comparison, Not, Or, parse
from engine.service.placement.machine_monitor import STALLED
from engine.sweep_protocol import SweepStatus, SweepSummary, TrialStatus

FAILURES = (Status.FAILED, Status.LOST)


def notifications_of_run(
    settings: NotificationSettings, condition: Clause | None, before: RunSummary | None, after: RunSummary
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
        yield _of_run("failure", after, f"{_title(after)} {_past(after.status)}", cause)
    if settings.stall and STALLED in after.notice and STALLED not in before.notice:
        yield _of_run("stall", after, f"{_title(after)} has stalled", after.notice)
    if condition is not None and holds(condition, after) and not holds(condition, before):
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


def parse_condition(text: str) -> Clause | None:
    """None for an empty text. Raises InputError, also where it has more than comparisons."""
    clause = parse(text)
    if clause is not None and not _only_compares(clause):
        raise InputError(f"condition: expected comparisons such as val_loss<0.1, got {text[:80]!r}.")
    return clause


def holds(clause: Clause, run: RunSummary) -> bool:
    """Whether it is true of the run as it is now; a field that the run does not have is unequal to all."""
    match clause:
        case Comparison():
            return _compare(clause, run)
        case Not(part):
            return not holds(part, run)
        case And(parts):
            return all(holds(part, run) for part in parts)
        case Or(parts):
            return any(holds(part, run) for part in parts)
    return False


def _only_compares(clause: Clause) -> bool:
    match clause:
        case Comparison():
            return True
        case Not(part):
            return _only_compares(part)
        case And(parts) | Or(parts):
            return all(map(_only_compares, parts))
    return False


def _compare(comparison: Comparison, run: RunSummary) -> bool:
    found = _value_of(comparison.field, run)
    if isinstance(found, str):
        is_equal = found == comparison.typed
        return is_equal if comparison.sign == "=" else not is_equal and comparison.sign == "!="
    if found is None or isinstance(comparison.value, str):
        return comparison.sign == "!="
    number, value = float(found), comparison.value
    if math.isnan(number):
        return comparison.sign == "!="
    signs = {
        "=": number == value, "!=": number != value, "<": number < value,
        "<=": number <= value, ">": number > value, ">=": number >= value,
    }  # fmt: skip
    return signs[comparison.sign]


def _value_of(name: str, run: RunSummary) -> str | float | None:
    """A fact, else a metric, else a live or submitted parameter."""
    facts: dict[str, object] = {
        "best": run.best.value if run.best else None,
        "created": run.spec.created_at,
        "cause": str(run.cause.kind) if run.cause else "",
        **{one: getattr(run.spec, one) for one in ("id", "name", "experiment", "sweep", "trial", "seed")},
        **{one: getattr(run, one) for one in ("step", "total_steps", "attempt", "rate", "device")},
        "status": str(run.status),
    }
    known = {one.name for one in filter_fields.FIELDS}
    others = {**run.spec.params, **run.live, **run.metrics}
    found = facts.get(name) if name in known else others.get(name)
    return found if isinstance(found, str | float | int) else None


def _of_run(kind: str, run: RunSummary, title: str, text: str) -> Notification:
    return Notification(kind, title, text, run.id, time.time())


def _title(run: RunSummary) -> str:
    return run.spec.name or f"{run.spec.experiment} {run.id[-4:]}"


def _past(status: Status) -> str:
    return "failed" if status is Status.FAILED else "is lost"


def _values(run: RunSummary) -> str:
    """Such as `step 400, loss 0.021, val_loss 0.034; best 0.031 at step 380`."""
    values = [f"{name} {value:.4g}" for name, value in list(run.metrics.items())[:6]]
    best = f"; best {run.best.metric} {run.best.value:.4g} at step {run.best.step:,}" if run.best else ""
    return f"{', '.join([f'step {run.step:,}', *values])}{best}"

"""What the service answers, as dataclasses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from engine.errors import ProtocolError
from engine.machine_protocol import Resources
from engine.protocol import Json, Removal, RunSummary, summary_from_json
from engine.table_protocol import Page, sweep_row_from_json
from engine.typed_json import typed

if TYPE_CHECKING:
    from engine.notifications import NotificationSettings, TerminalNotification
    from engine.sweep_protocol import SweepSummary

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunsChange:
    """Changes of the run table since the previous message."""

    changed: tuple[RunSummary, ...] = ()
    removed: tuple[str, ...] = ()
    resources: Resources | None = None
    total: int = 0
    sweeps: tuple[SweepSummary, ...] = ()
    sweeps_removed: tuple[str, ...] = ()
    notifications: tuple[TerminalNotification, ...] = ()


def decode(read: Callable[[], T]) -> T:
    """The result of `read`; its errors become a ProtocolError."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError(f"What the engine answered cannot be read: {error!r}"[:300]) from error


def read_answer(data: object, kind: type[T]) -> T:
    """Raises ProtocolError."""
    return decode(lambda: typed(data, kind, strict=True))


def body_of(answer: Json) -> Json:
    return {name: value for name, value in answer.items() if name != "id"}


def read_removal(answer: Json) -> Removal:
    return read_answer(answer["removal"], Removal)


def read_sweep(answer: Json) -> SweepSummary:
    from engine.sweep_protocol import sweep_from_json  # imported here: most commands are not about sweeps

    return decode(lambda: sweep_from_json(answer["sweep"]))


def read_page(answer: Json) -> Page:
    """Raises KeyError or ValueError."""
    rows = {
        "runs": list(map(summary_from_json, answer["runs"])),
        "sweeps": list(map(sweep_row_from_json, answer.get("sweeps", ()))),
    }
    return typed(body_of(answer) | rows, Page, strict=True)


def read_notification_settings(answer: Json) -> NotificationSettings:
    from engine.notifications import NotificationSettings  # seldom needed

    return read_answer(answer["settings"], NotificationSettings)


def _notifications(data: object) -> tuple[TerminalNotification, ...]:
    from engine.notifications import TerminalNotification

    return typed(data, tuple[TerminalNotification, ...])


def read_change(frame: Json) -> RunsChange:
    """Raises KeyError or ValueError."""
    resources = frame.get("resources")
    return RunsChange(
        tuple(map(summary_from_json, frame.get("changed", ()))),
        typed(frame.get("removed", []), tuple[str, ...]),
        typed(resources, Resources, strict=True) if resources else None,
        typed(frame.get("total", 0), int),
        tuple(read_sweep({"sweep": sweep}) for sweep in frame.get("sweeps", ())),
        typed(frame.get("sweeps_removed", []), tuple[str, ...]),
        _notifications(frame["notifications"]) if "notifications" in frame else (),
    )

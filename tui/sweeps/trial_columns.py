"""The columns of the table of trials or of groups, and which of them fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.sweep_protocol import SweepSpec, TrialGroup, TrialQuery, TrialRow, TrialStatus
from tui.data.trial_pages import Entry
from tui.data.value_text import short_value
from tui.sweeps.trial_text import param_text, sign_of, style_of
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import clock, short
from tui.ui.span import Row, Span

SEED = "seed"
GAP = 2


@dataclass(frozen=True, slots=True)
class TrialColumn:
    """`name` is the engine's name of the field, by which it sorts, filters and groups."""

    name: str
    title: str
    width: int
    cell: Callable[[Entry], Row]
    right: bool = True
    can_group: bool = False


def columns_of(spec: SweepSpec, query: TrialQuery, metrics: Iterable[str]) -> tuple[TrialColumn, ...]:
    return _of_groups(spec, query) if query.group else _of_trials(spec, metrics)


def _of_trials(spec: SweepSpec, metrics: Iterable[str]) -> tuple[TrialColumn, ...]:
    metric = plain(spec.metric, limit=14)
    others = [name for name in metrics if name != spec.metric]
    return (
        TrialColumn("trial", "trial", 6, lambda row: _number(row, "trial", "muted")),
        TrialColumn("status", "state", 10, _state, right=False, can_group=True),
        TrialColumn("value", f"best {metric}", max(9, len(metric) + 6), lambda row: _value(row, "strong")),
        *(_param(axis.name) for axis in spec.axes),
        *([_param(SEED, 5)] if len(spec.seeds) > 1 else []),
        TrialColumn("step", "steps", 8, lambda row: _number(row, "step", "muted")),
        TrialColumn("seconds", "time", 6, _time),
        TrialColumn("config", "config", 6, lambda row: _number(row, "config", "muted"), can_group=True),
        *(_metric(name) for name in others),
    )


def _of_groups(spec: SweepSpec, query: TrialQuery) -> tuple[TrialColumn, ...]:
    keys = [name.strip() for name in query.group.split(",")]
    rest = [axis.name for axis in spec.axes if axis.name not in keys]
    return (
        *(TrialColumn(name, plain(name, limit=14), _wide(name), partial(_key, name=name), can_group=True)
          for name in keys),
        TrialColumn("count", "trials", 6, _counted),
        TrialColumn("mean", "mean", 9, lambda group: _stat(group, "mean")),
        TrialColumn("spread", "spread", 9, lambda group: _stat(group, "spread")),
        TrialColumn(
            "value", f"best {plain(spec.metric, limit=12)}", 12, lambda entry: _value(entry, "strong")
        ),
        TrialColumn("best_trial", "of trial", 8, lambda group: _number(_best(group), "trial", "muted")),
        *(_param(name) for name in rest),
    )  # fmt: skip


def _wide(name: str) -> int:
    return max(8, min(14, len(name) + 1))


def _param(name: str, width: int = 0) -> TrialColumn:
    return TrialColumn(
        name, plain(name, limit=14), width or _wide(name), partial(_params, name=name), can_group=True
    )


def _metric(name: str) -> TrialColumn:
    return TrialColumn(name, plain(name, limit=14), _wide(name), partial(_metrics, name=name))


def _best(entry: Entry | None) -> TrialRow | None:
    return entry.best if isinstance(entry, TrialGroup) else entry


def _number(entry: Entry | None, name: str, style_name: str) -> Row:
    row = _best(entry)
    return (Span(f"{getattr(row, name):,}" if row is not None else "", style_name),)


def _value(entry: Entry | None, style_name: str) -> Row:
    row = _best(entry)
    return (Span(short_value(row.value) if row is not None else "", style_name),)


def _state(entry: Entry) -> Row:
    assert isinstance(entry, TrialRow)
    word = str(entry.status)
    if entry.status is TrialStatus.RUNNING and entry.total_steps:
        word = f"{min(100, 100 * entry.step / entry.total_steps):.0f}%"
    return (sign_of(entry.status), Span(f" {word}", style_of(entry.status)))


def _time(entry: Entry) -> Row:
    row = _best(entry)
    if row is None or not row.seconds:
        return (Span(""),)
    return (Span(f"{row.seconds:.1f}s" if row.seconds < 10 else clock(round(row.seconds)), "muted"),)


def _params(entry: Entry, name: str) -> Row:
    row = _best(entry)
    if row is None:
        return (Span(""),)
    return (Span(param_text(name, row.seed if name == SEED else row.params.get(name)), "text"),)


def _metrics(entry: Entry, name: str) -> Row:
    row = _best(entry)
    return (Span(short_value(row.metrics.get(name)) if row is not None else "", "muted"),)


def _key(entry: Entry, name: str) -> Row:
    assert isinstance(entry, TrialGroup)
    return (Span(param_text(name, entry.key.get(name)), "text"),)


def _counted(entry: Entry) -> Row:
    assert isinstance(entry, TrialGroup)
    left = entry.count - entry.valued
    return (Span(f"{entry.valued:,}", "text"), Span(f"+{left}" if left else "", "muted"))


def _stat(entry: Entry, name: str) -> Row:
    value = getattr(entry, name)
    if value is None:
        return (Span("", "muted"),)
    sign = "" if name == "mean" else "+-" if glyphs().ascii_only else "±"
    return (Span(f"{sign}{short(value)}", "text"),)


def arranged(columns: Sequence[TrialColumn], marked: Iterable[str]) -> tuple[TrialColumn, ...]:
    """The first column, then the pinned ones, then the others."""
    first = {columns[0].name, *marked}
    return (*(c for c in columns if c.name in first), *(c for c in columns if c.name not in first))


def fitting_columns(columns: Sequence[TrialColumn], kept: int, cursor: int, width: int) -> list[int]:
    """Indices of the columns that fit: the first `kept`, then others around the one at `cursor`."""
    room = width
    shown: list[int] = []
    for place in range(min(kept, len(columns))):
        room -= columns[place].width + GAP
        if room < 0 and shown:
            break
        shown.append(place)
    start = kept
    while start < cursor and sum(columns[at].width + GAP for at in range(start, cursor + 1)) > room:
        start += 1
    for place in range(start, len(columns)):
        room -= columns[place].width + GAP
        if room < -GAP and place != cursor:
            break
        shown.append(place)
    return shown

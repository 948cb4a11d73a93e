"""Sweeps and trials as text and spans."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from engine.axes import Axis
from engine.params import Value
from engine.protocol import Status
from engine.sweep_protocol import SweepStatus, SweepSummary, TrialStatus
from tui.data.sweep_text import trial_note
from tui.data.value_text import format_value, short_value
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import short
from tui.ui.span import Row, Span
from tui.ui.status_styles import STATUS_STYLES, status_sign
from tui.ui.wrap import wrap_row

OWN_SIGNS = {TrialStatus.WAITING: ("·", "."), TrialStatus.PRUNED: ("▽", "%"), TrialStatus.REFUSED: ("∅", "!")}
_FAILED = (TrialStatus.FAILED, TrialStatus.LOST, TrialStatus.DAMAGED, TrialStatus.REFUSED)
"""statuses that are counted as failed"""
OWN_STYLES = {TrialStatus.WAITING: "muted", TrialStatus.PRUNED: "warn", TrialStatus.REFUSED: "bad"}
SWEEP_STATUS = {
    SweepStatus.RUNNING: Status.RUNNING, SweepStatus.PAUSED: Status.PAUSED,
    SweepStatus.STOPPED: Status.STOPPED, SweepStatus.DONE: Status.DONE, SweepStatus.DAMAGED: Status.DAMAGED,
}  # fmt: skip
VALUES_SHOWN = 6


def sign_of(status: TrialStatus) -> Span:
    own = OWN_SIGNS.get(status)
    if own is not None:
        return Span(own[glyphs().ascii_only], OWN_STYLES[status])
    return status_sign(Status(status))


def style_of(status: TrialStatus) -> str:
    return OWN_STYLES.get(status) or STATUS_STYLES[Status(status)]


def sweep_sign(sweep: SweepSummary) -> Span:
    return status_sign(SWEEP_STATUS[sweep.status])


def param_text(name: str, value: Value) -> str:
    """The value of a parameter as text in a table."""
    return format_value(name, None) if value is None else short_value(value)


def pairs_of(values: Mapping[str, Value]) -> str:
    return " ".join(f"{plain(name, limit=40)}={param_text(name, value)}" for name, value in values.items())


def axis_text(axis: Axis) -> str:
    """The values of an axis, or its ends."""
    if axis.values is None:
        return f"{short(axis.low or 0)}..{short(axis.high or 0)}{' log' if axis.log else ''}"
    values = [param_text(axis.name, value) for value in axis.values]
    if len(values) > VALUES_SHOWN:
        return f"{values[0]}..{values[-1]} ({len(values)})"
    return ",".join(values)


def counts_of(sweep: SweepSummary) -> Row:
    """The number of trials done, running, pruned and failed, of how many planned."""
    counts = {TrialStatus(status): count for status, count in sweep.counts.items()}
    shown = {
        TrialStatus.DONE: counts.get(TrialStatus.DONE, 0) + counts.get(TrialStatus.STOPPED, 0),
        TrialStatus.RUNNING: sum(
            counts.get(status, 0) for status in (TrialStatus.RUNNING, TrialStatus.QUEUED)
        ),
        TrialStatus.PRUNED: counts.get(TrialStatus.PRUNED, 0),
        TrialStatus.FAILED: sum(counts.get(status, 0) for status in _FAILED),
    }
    spans: list[Span] = []
    for status, count in shown.items():
        if count or status is TrialStatus.DONE:
            spans += [sign_of(status), Span(f"{count:,} ", "text")]
    return (*spans, Span(f"of {sweep.planned:,}", "muted"))


def best_of(sweep: SweepSummary) -> Row:
    """The best value and the parameters of its trial."""
    best = sweep.best
    if best is None or best.value is None:
        return ()
    note = trial_note(best)
    reached = (Span(f"  {note}", "warn"),) if note else ()
    return (Span(short_value(best.value), "strong"), *reached, Span(f"  {pairs_of(best.params)}", "muted"))


def facts_of(sweep: SweepSummary) -> str:
    """The specification of a sweep in one line."""
    spec = sweep.spec
    parts = [f"{axis.name} {axis_text(axis)}" for axis in spec.axes]
    parts.append(f"{spec.goal} {spec.metric}")
    if len(spec.seeds) > 1:
        parts.append(f"{len(spec.seeds)} seeds")
    if spec.params:
        parts.append(pairs_of(spec.params))
    if spec.parent:
        parts.append(f"children of {spec.parent.short}")
    parts.append(spec.sampler + (f" + {spec.prune.kind}" if spec.prune.kind != "none" else ""))
    if spec.parallel:
        parts.append(f"{spec.parallel} at once")
    if spec.command is not None:
        parts.append(shlex.join(spec.command.argv))
    return plain(f" {glyphs().dot} ".join(parts), limit=600)


def facts_rows(sweep: SweepSummary, width: int) -> list[Row]:
    """The specification in one row, cut; below it, wrapped, what the sweep waits for or why it ended."""
    text = facts_of(sweep)
    if len(text) > width - 1:
        text = text[: width - 2] + glyphs().cut
    rows: list[Row] = [(Span(f" {text}", "muted"),)]
    return (
        [*rows, *wrap_row((Span(f" {plain(sweep.why, limit=300)}", "warn"),), width, 1)]
        if sweep.why
        else rows
    )

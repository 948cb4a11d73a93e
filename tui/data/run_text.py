"""A run as text and spans: name, parameters, age, progress, status."""

from __future__ import annotations

import math
import time

from engine.protocol import Queued, RunSummary, Status, experiment_names
from tui.data.value_text import distinguishing_params, format_params, status_text
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import HOUR, clock, short
from tui.ui.span import Row, Span
from tui.ui.status_styles import STATUS_STYLES, status_sign

COARSE = ((86_400, "d"), (3_600, "h"), (60, "m"))


def name_of(run: RunSummary) -> str:
    """Its name, else the last part of its id."""
    return plain(run.spec.name, limit=80) if run.spec.name else plain(run.id.split("-", 2)[-1], limit=80)


def given_name(run: RunSummary) -> str:
    """The name that a user gave it; empty for an automatic one, as that of a trial."""
    names = experiment_names(run.spec.experiment)
    if run.spec.command is not None and run.spec.name.endswith(f"-{run.id[-4:]}"):
        return ""
    is_automatic = run.spec.name in [f"{name}-{run.id[-4:]}" for name in names]
    return "" if is_automatic or run.spec.sweep else run.spec.name


def sign_of(run: RunSummary) -> Span:
    return status_sign(run.status)


def params_of(run: RunSummary) -> str:
    return plain(format_params(distinguishing_params(run)), limit=300)


def age_of(run: RunSummary) -> str:
    return age_since(run.spec.created_at)


def age_since(created_at: float) -> str:
    """The age, coarse so that it seldom changes: now, 5m, 3h, 12d."""
    seconds = time.time() - created_at
    for size, unit in COARSE:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "now"


def ago(age: str) -> str:
    """An age as text: 17 min ago."""
    units = {"m": "min", "h": "h", "d": "day" if age == "1d" else "days"}
    return f"{age[:-1]} {units[age[-1]]} ago" if age[-1] in units else "just now"


def progress_bar(run: RunSummary, width: int, *, style_name: str = "") -> Row:
    """A progress bar of `width` cells."""
    share = run.step / run.total_steps if run.total_steps else 0.0
    full = int(min(max(share, 0.0), 1.0) * width)
    done, ahead = glyphs().bar
    return (Span(done * full, style_name or STATUS_STYLES[run.status]), Span(ahead * (width - full), "line"))


def percent_of(run: RunSummary) -> str:
    return f"{min(100.0, 100 * run.step / run.total_steps):3.0f}%" if run.total_steps else ""


def eta_of(run: RunSummary) -> str:
    seconds = run.eta_seconds
    return clock(_rounded(seconds), _grain(seconds)) if seconds is not None else ""


def progress_or_status(run: RunSummary, width: int) -> Row:
    """A progress bar while it trains, else its status and the reason."""
    if run.status is Status.RUNNING:
        if not run.total_steps:
            return (Span(f"step {run.step:,}" if run.step else "starting", "text"),)
        text = f" {percent_of(run):>4} {eta_of(run):>6}"
        return (*progress_bar(run, max(4, width - len(text))), Span(text, "text"))
    status = Span(status_text(run), STATUS_STYLES[run.status])
    if run.damage:
        return (status, Span(f" {plain(run.damage, limit=200)}", "warn"))
    reason = reason_of(run).removeprefix("waits ")
    return (status, Span(f" {reason}" if reason else "", "muted"))


def reason_of(run: RunSummary) -> str:
    """What a queued run waits for, or how a run ended."""
    if isinstance(run.state, Queued):
        return plain(run.state.why, limit=200)
    if run.status is Status.DONE:
        seconds = run.train_seconds
        return f"in {clock(_rounded(seconds), _grain(seconds))}" if seconds else ""
    if run.status is Status.IMPORTED:
        return f"to step {run.step:,}"
    if run.status is Status.PAUSED or run.status is Status.STOPPED:
        if not run.attempt:
            return "before start"
        return f"at {percent_of(run).strip()}" if run.total_steps else f"at step {run.step:,}"
    return plain(run.cause.text, limit=200) if run.cause else ""


def startup_text(run: RunSummary) -> str:
    """Text for a run without any step: what it waits for, or what it loads."""
    if run.status is Status.QUEUED:
        return f"queued: {reason_of(run)}"
    if run.spec.command is not None:
        return "" if run.status.is_final else "the command has logged nothing yet"
    is_local = run.spec.executor == "local"
    phase = "loading framework and data" if is_local else "waiting for a free node of the Ray cluster"
    return "" if run.status.is_final else f"starting: {phase}"


def number_span(value: float | None) -> Span:
    if value is None:
        return Span("")
    return Span(short(value), "text" if math.isfinite(value) else "bad")


def _rounded(seconds: float) -> float:
    """Rounded to seconds below a minute, 5 seconds below an hour, else as `_grain`."""
    grain = 5 if 60 <= seconds < HOUR else _grain(seconds)
    return round(seconds / grain) * grain if seconds >= 1 else 1


def _grain(seconds: float) -> int:
    """The unit in seconds: 1 below an hour, 60 below 100 hours, else 3600; the text takes 6 cells at most."""
    return 1 if seconds < HOUR else 60 if seconds < 99.5 * HOUR else HOUR

"""A run in words and spans: its name, where it stands, what became of it."""

from __future__ import annotations

import math
import time

from engine.protocol import Queued, RunSummary, Status
from tui.data.value_text import pairs, status_word, told_params
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import HOUR, clock, short
from tui.ui.span import Row, Span
from tui.ui.styles import STATUS_INKS

COARSE = ((86_400, "d"), (3_600, "h"), (60, "m"))


def name_of(run: RunSummary) -> str:
    """Its name, else what of its id tells it from others."""
    return plain(run.spec.name, limit=80) if run.spec.name else plain(run.id.split("-", 2)[-1], limit=80)


def own_name(run: RunSummary) -> str:
    """The name that a person gave it; empty for one that was made up, as that of a trial is."""
    is_automatic = run.spec.name == f"{run.spec.experiment}-{run.id[-4:]}"
    return "" if is_automatic or run.spec.sweep else run.spec.name


def sign_of(run: RunSummary) -> Span:
    return Span(glyphs().statuses[run.status], STATUS_INKS[run.status])


def params_of(run: RunSummary) -> str:
    return plain(pairs(told_params(run)), limit=300)


def age_of(run: RunSummary) -> str:
    return age_since(run.spec.created_at)


def age_since(created_at: float) -> str:
    """Coarse, so that it seldom changes: now, 5m, 3h, 12d."""
    seconds = time.time() - created_at
    for size, unit in COARSE:
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "now"


def ago(age: str) -> str:
    """An age as one says it: 17 min ago."""
    units = {"m": "min", "h": "h", "d": "day" if age == "1d" else "days"}
    return f"{age[:-1]} {units[age[-1]]} ago" if age[-1] in units else "just now"


def bar(run: RunSummary, width: int, *, style_name: str = "") -> Row:
    """How far it has come, as a line."""
    share = run.step / run.total_steps if run.total_steps else 0.0
    full = int(min(max(share, 0.0), 1.0) * width)
    done, ahead = glyphs().bar
    return (Span(done * full, style_name or STATUS_INKS[run.status]), Span(ahead * (width - full), "line"))


def percent_of(run: RunSummary) -> str:
    return f"{100 * run.step / run.total_steps:3.0f}%" if run.total_steps else ""


def eta_of(run: RunSummary) -> str:
    seconds = run.eta_seconds
    return clock(_rounded(seconds), _grain(seconds)) if seconds is not None else ""


def standing(run: RunSummary, width: int) -> Row:
    """A bar while it trains, else the word that says where it stands and why."""
    if run.status is Status.RUNNING:
        if not run.total_steps:
            return (Span(f"step {run.step:,}" if run.step else "starting", "text"),)
        return (*bar(run, max(4, width - 12)), Span(f" {percent_of(run):>4} {eta_of(run):>6}", "text"))
    status = Span(status_word(run), STATUS_INKS[run.status])
    if run.damage:
        return (status, Span(f" {plain(run.damage, limit=200)}", "warn"))
    why = why_of(run)
    return (status, Span(f" {why}" if why else "", "muted"))


def why_of(run: RunSummary) -> str:
    """What a queued run waits for, how an ended one ended."""
    if isinstance(run.state, Queued):
        return plain(run.state.why, limit=200)
    if run.status is Status.DONE:
        seconds = run.train_seconds
        return f"in {clock(_rounded(seconds), _grain(seconds))}" if seconds else ""
    if run.status is Status.PAUSED or run.status is Status.STOPPED:
        return f"at {percent_of(run).strip()}" if run.total_steps else f"at step {run.step:,}"
    return plain(run.cause.text, limit=200) if run.cause else ""


def before_step_one(run: RunSummary) -> str:
    """What to say of a run that nothing is known of yet."""
    if run.status is Status.QUEUED:
        return f"queued: {why_of(run)}"
    is_local = run.spec.executor == "local"
    waits = "loading framework and data" if is_local else "waiting for a free node of the Ray cluster"
    return "" if run.status.is_final else f"starting: {waits}"


def number(value: float | None) -> Span:
    if value is None:
        return Span("")
    return Span(short(value), "text" if math.isfinite(value) else "bad")


def _rounded(seconds: float) -> float:
    """To what a person would say: whole seconds, five of them above a minute, minutes above an hour."""
    grain = 5 if 60 <= seconds < HOUR else _grain(seconds)
    return round(seconds / grain) * grain if seconds >= 1 else 1


def _grain(seconds: float) -> int:
    """Seconds below an hour, minutes below 100 hours, else hours: a time takes six cells at most."""
    return 1 if seconds < HOUR else 60 if seconds < 99.5 * HOUR else HOUR

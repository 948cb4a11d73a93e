"""The overview of the selected run: status, progress, speed, warnings, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.protocol import RunSummary, Status
from engine.system_metrics import CPU, is_system
from tui.data.annotation_text import note_lines, tags_text
from tui.data.run_text import (
    age_of,
    ago,
    eta_of,
    name_of,
    number_span,
    percent_of,
    progress_bar,
    sign_of,
)
from tui.data.value_text import damaged_events, format_value, plural, remarks, status_text
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import clock, short
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, row_width
from tui.ui.status_styles import STATUS_STYLES
from tui.ui.wrap import wrap_text

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory

LABEL, VALUE = 10, 10
NOTE_LINES = 12
METRICS_LISTED = 200
"""metrics with their last values; the others are on charts"""
MEGABYTE = 1 << 20
STRIPS, MORE_STRIPS, TALL = 4, 8, 45
"""most strips, and those on a screen from TALL rows on"""


class Overview(Sheet, can_focus=False):
    """As high as its rows."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._run: RunSummary | None = None
        self._hue: int | None = None
        self._left_out = 0
        self._history: RunHistory | None = None
        self._drawn_of: tuple[object, int] | None = None
        self._empty_text = ""

    def set_empty_text(self, text: str) -> None:
        """The text while no run is selected."""
        self._empty_text = text
        self.draw()

    def update(
        self, run: RunSummary | None, hue: int | None = None, history: RunHistory | None = None
    ) -> None:
        """Replace the run; `history` is what is read of its events."""
        self._run, self._hue, self._history = run, hue, history
        self._left_out = history.left_out if history is not None else 0
        self._drawn_of = self._measured
        self.draw()

    def history_grew(self) -> None:
        """Draw again where more was measured of its machine."""
        if self._measured != self._drawn_of:
            self._drawn_of = self._measured
            self.draw()

    @property
    def _measured(self) -> tuple[object, int] | None:
        """The curve of its processors, and how often that changed."""
        curve = self._history.series.get(CPU) if self._history is not None else None
        return (curve, curve.version) if curve is not None else None

    def rows(self, width: int) -> Sequence[Row]:
        run = self._run
        if run is None:
            return wrap_text(self._empty_text, width, "muted")
        rows: list[Row] = [self._title(run, width), *_annotations(run, width), (), *_state(run, width)]
        for label, text in _facts(run):
            rows += _hung(Span(label.ljust(LABEL), "muted"), text, width, "text") if text else []
        rows += _warnings(run, width)
        rows += self._system(run, width)
        if self._left_out:
            rows += [(), *wrap_text(damaged_events(self._left_out, plain(run.id, limit=80)), width, "warn")]
        rows += [(), *_metrics(run, width)]
        return rows

    def _system(self, run: RunSummary, width: int) -> list[Row]:
        """What it uses of its machine, and what holds it back."""
        said = wrap_text(plain(run.verdict, limit=300), width, "strong") if run.verdict else []
        strips: Sequence[Row] = ()
        if self._measured is not None and self._history is not None:
            from tui.runs.system_strip import strip_rows  # with curves alone

            most = MORE_STRIPS if self.is_attached and self.app.size.height >= TALL else STRIPS
            strips = strip_rows(self._history.series, width, most=most, is_active=run.status.is_active)
        return [(), *said, *strips] if said or strips else []

    def _title(self, run: RunSummary, width: int) -> Row:
        swatch = () if self._hue is None else (Span(glyphs().swatch + " ", f"hue-{self._hue}"),)
        experiment = f"  {plain(run.spec.experiment, limit=40)}"
        room = max(VALUE, width - row_width(swatch) - len(experiment))
        return (*swatch, Span(plain(name_of(run), limit=room), "strong"), Span(experiment, "muted"))


def _annotations(run: RunSummary, width: int) -> list[Row]:
    tags = wrap_text(tags_text(run), width, "accent") if run.tags else []
    lines = note_lines(run)
    more = [(Span(f"{len(lines) - NOTE_LINES} more lines", "muted"),)] if len(lines) > NOTE_LINES else []
    note = [row for line in lines[:NOTE_LINES] for row in wrap_text(line, width, "text") or [()]]
    return [*tags, *note, *more]


def _fact(label: str, text: str, style_name: str = "text") -> Row:
    return (Span(label.ljust(LABEL), "muted"), Span(text, style_name))


def _state(run: RunSummary, width: int) -> list[Row]:
    dot = glyphs().dot
    spans = [sign_of(run), Span(f" {status_text(run)}", STATUS_STYLES[run.status])]
    if run.attempt > 1:
        spans.append(Span(f" {dot} attempt {run.attempt}", "muted"))
    counted = f"{run.step:,} / {run.total_steps:,}" if run.total_steps else f"{run.step:,}"
    rows: list[Row] = [tuple(spans), _fact("step", f"{counted}  {percent_of(run).strip()}")]
    if run.total_steps:
        eta = eta_of(run)
        left = f" {eta} left" if eta else ""
        rows.insert(1, (*progress_bar(run, max(4, width - len(left) - 1)), Span(left, "text")))
    return rows


def _facts(run: RunSummary) -> list[tuple[str, str]]:
    active = run.status.is_active
    dot = glyphs().dot
    held = (
        f" {dot} RSS {run.rss / MEGABYTE:.0f} MB {dot} {run.cpu:.0%} CPU".replace("%", " %")
        if run.rss and active
        else ""
    )
    return [
        ("speed", f"{short(float(f'{run.rate:.3g}'))} steps/s" if run.rate and active else ""),
        ("trained", clock(round(run.train_seconds)) if run.train_seconds >= 1 else ""),
        ("submitted", ago(age_of(run))),
        ("child of", run.spec.parent.short if run.spec.parent else ""),
        ("device", _place(run) + held if run.device else ""),
    ]


def _place(run: RunSummary) -> str:
    where = "" if run.spec.executor == "local" else f" by {run.spec.executor}"
    return plain(run.device + where, limit=80)


def _warnings(run: RunSummary, width: int) -> list[Row]:
    rows: list[Row] = []
    for text in remarks(run):
        rows += wrap_text(plain(text, limit=400), width, "warn")
    if run.status is Status.QUEUED:
        rows += wrap_text(plain(getattr(run.state, "why", ""), limit=400), width, "muted")
    cause = run.cause
    ended_early = 0 < run.step < run.total_steps
    if cause is not None and (run.status is not Status.DONE or ended_early):
        rows += wrap_text(plain(cause.text, limit=600), width, STATUS_STYLES[run.status])
        rows += wrap_text(plain(cause.remedy, limit=600), width, "muted")
    return [(), *rows] if rows else []


def _metrics(run: RunSummary, width: int) -> list[Row]:
    rows: list[Row] = []
    names = [name for name in run.metrics if not is_system(name)]  # those of an imported run are strips
    for name in names[:METRICS_LISTED]:
        rows += _valued(number_span(run.metrics[name]), plain(name, limit=40), width)
    if len(names) > METRICS_LISTED:
        text = f"and {plural(len(names) - METRICS_LISTED, 'more metric')}, on charts alone"
        rows += wrap_text(text, width, "muted")
    if run.best is not None:
        text = f"best {plain(run.best.metric, limit=40)}, step {run.best.step:,}"
        if len(text) > width - VALUE - 2:
            text = text.replace(", step ", " @ ")
        rows += _valued(Span(short(run.best.value), "good"), text, width)
    for name, live in run.live.items():
        shown = format_value(name, None) if live is None else short(live)
        rows += _valued(Span(shown, "accent"), f"{plain(name, limit=40)} set live", width)
    return rows


def _valued(value: Span, text: str, width: int) -> list[Row]:
    return _hung(Span(f"{value.text:>{VALUE}}  ", value.style_name), text, width, "muted")


def _hung(head: Span, text: str, width: int, style_name: str) -> list[Row]:
    """Text wrapped beside `head`, with a hanging indent."""
    indent = len(head.text)
    first, *others = wrap_text(text, width - indent, style_name) or [()]
    return [(head, *first), *((Span(" " * indent), *row) for row in others)]

"""The table of the nine experiments: our results beside those of the course's notebook."""

from __future__ import annotations

from engine.protocol import RunSummary
from engine.session_protocol.xor import GridReport, ReportRow
from tui.data.run_text import name_of, sign_of, startup_text
from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span, clipped
from tui.ui.text_rows import paragraph

LESSON = (
    "Each setting is trained until ten runs have succeeded or fifteen have run: success is a validation loss "
    "below 0.2 that stopped falling. Grey: the course's notebook. p: two-sided p-value (bootstrap) of the "
    "difference of the means; ✓: p is 0.05 or more, it can be chance. Means are of successes."
)
EMPTY = (
    "The nine experiments of the course: learning rates 0.25 to 0.01, one, two or four hidden units, with or "
    "without bypass. Then: epochs and failures of each, beside the numbers of the course."
)
ALIKE = 0.05
LIKELY, WIDE, WIDEST = 84, 102, 128


def notes_of(
    run: RunSummary | None,
    report: GridReport | None,
    keymap: Keymap,
    width: int,
    brief: bool,
    waits: str = "",
) -> list[Row]:
    """The rows above the table; `waits`: why the runs are not loaded yet, empty once they are."""
    if run is None and waits:
        return [(Span(waits, "muted"),)]
    if run is None:
        key = shown(keymap.key_of(BY_ID["xor.start"]))
        rows: list[Row] = [(Span(f"{key} ", "key"), Span("runs all nine at once, in seconds", "text")), ()]
        return rows + paragraph(EMPTY, width)
    head: Row = (sign_of(run), Span(f" {name_of(run)}  ", "strong"))
    if report is None:
        return [(*head, Span(startup_text(run), "muted"))]
    running = report.counts.get("running", 0)
    more = f", {running} still train" if running else ""
    counted = sum(row.runs for row in report.rows)
    progress = f"epoch {report.epoch:,} of {report.epochs:,}, {counted} runs counted{more}"
    gates = ", ".join(f"{gate} {_times()}{count}" for gate, count in report.gates.items()) or "-"
    became = Span("hidden unit of the row lr 0.25 acts as  ", "muted")
    rows = [(*head, Span(progress, "muted")), clipped((became, Span(gates, "text")), width)]
    return rows if brief else [*rows, *paragraph(_lesson(), width)]


def _lesson() -> str:
    return LESSON.replace("✓", "v") if glyphs().ascii_only else LESSON


def lesson_of(report: GridReport | None, width: int, brief: bool) -> list[Row]:
    """The explanation below the table, where there is no room above it."""
    return paragraph(_lesson(), width) if brief and report is not None else []


def setting_words(row: ReportRow) -> str:
    units = f"{row.hidden} hidden unit{'' if row.hidden == 1 else 's'}"
    return f"lr {row.lr:g}, {units}{' with bypass' if row.bypass else ''}"


def rows_of(report: GridReport | None, cursor: int, width: int) -> list[Row]:
    if report is None:
        return []
    epochs = report.epochs
    lines = [_line(row, place == cursor, width, epochs) for place, row in enumerate(report.rows)]
    return [_head(width), *lines, *paragraph(details_of(report.rows[cursor], epochs), width, "text")]


def details_of(row: ReportRow, epochs: int) -> str:
    """All numbers of one experiment, the notebook's in parentheses, whatever the width of the table."""
    notebook = row.notebook
    ends = f"{_beyond(row.low, epochs)} to {_beyond(row.high, epochs)}"
    median = f"median {_beyond(row.median, epochs)} (95 %: {ends})"
    return (
        f" {setting_words(row)}: "
        f"mean {_count(row.mean)} epochs ({notebook.mean:,.0f}), std {_count(row.std)} "
        f"({notebook.std:,.0f}), {row.fails} of {row.runs} fail ({notebook.fails}), {median}, "
        f"mean of all {_count(row.mean_all)}, train loss {_loss(row.train_loss)} "
        f"({notebook.train_loss:.4f}), validation loss {_loss(row.val_loss)} "
        f"({notebook.val_loss:.4f}), "
        f"p {_chance(row.chance)}"
    )


def _head(width: int) -> Row:
    text = "     lr  k  bypass    mean  notebook     std  notebook   fails     median"
    if width >= LIKELY:
        text += "       p"
    if width >= WIDE:
        text += "     95 % interval  "
    if width >= WIDEST:
        text += "     val loss  notebook"
    return (Span(text, "muted"),)


def _line(row: ReportRow, is_here: bool, width: int, epochs: int) -> Row:
    notebook = row.notebook
    style_name = "key" if is_here else "text"
    fits = row.chance is not None and row.chance >= ALIKE
    sign = "" if not fits else "v" if glyphs().ascii_only else "✓"
    spans = [
        Span(f"{glyphs().choice[1] if is_here else ' '} ", "key"),
        Span(f"{row.lr:>5g} {row.hidden:>2}  {'yes' if row.bypass else 'no':<6}", style_name),
        Span(f"{_count(row.mean):>8}", "strong"),
        Span(f"{notebook.mean:>8,.0f}", "muted"),
        Span(f" {sign:<1} ", "good"),
        Span(f"{_count(row.std):>6}", "strong"),
        Span(f"{notebook.std:>8,.0f}  ", "muted"),
        Span(f"{row.fails:>3}/{row.runs:<2}", "bad" if row.fails else "good"),
        Span(f" {notebook.fails:>2}", "muted"),
        Span(f"{_beyond(row.median, epochs):>9}", "text"),
    ]
    if width >= LIKELY:
        spans.append(Span(f"{_chance(row.chance):>8}", "text"))
    if width >= WIDE:
        spans.append(Span(f"{_beyond(row.low, epochs):>9} to {_beyond(row.high, epochs):<8}", "muted"))
    if width >= WIDEST:
        spans += [
            Span(f"{_loss(row.val_loss):>9}", "text"),
            Span(f"{notebook.val_loss:>9.4f}", "muted"),
        ]
    return tuple(spans)


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _chance(value: float | None) -> str:
    """A p-value."""
    return "-" if value is None else f"{value:.2f}" if value >= 0.01 else "< 0.01"


def _beyond(value: float | None, epochs: int) -> str:
    """A median or an end of its interval; None is beyond the last epoch."""
    return f"> {epochs:,}" if value is None else f"{value:,.0f}"


def _loss(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _times() -> str:
    return "x" if glyphs().ascii_only else "×"

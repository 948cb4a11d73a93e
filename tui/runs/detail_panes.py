"""The panes of the details of the selected run: its parameters, its checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from rich.cells import cell_len, chop_cells

from engine.protocol import CheckpointFacts, MediaFacts, RunSummary, Spec, Status
from tui.data.value_text import (
    best_text,
    changed_params,
    data_folder_text,
    data_text,
    effective_params,
    format_value,
    media_text,
)
from tui.runs.step_list import StepList
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import size
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, cells, clipped, justified, row_width
from tui.ui.status_styles import status_sign

NAME_WIDTH = 11
VALUE_LINES = 2
"""most lines of one value"""


class ParamsSheet(Sheet):
    """The parameters: a row each; values other than the default are highlighted."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._run: RunSummary | None = None

    def update(self, run: RunSummary | None) -> None:
        self._run = run
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        run = self._run
        if run is None:
            return ()
        changed = changed_params(run)
        rows: list[Row] = []
        for name, value in effective_params(run).items():
            rows += _pair(name, format_value(name, value), "accent" if name in changed else "text", width)
        rows.append(())
        settings = (
            ("seed", str(run.spec.seed)),
            *([("child of", run.spec.parent.whole)] if run.spec.parent else []),
            *([("framework", run.spec.framework)] if run.spec.framework else []),
            ("threads", str(run.spec.threads or "all")),
            ("device", run.spec.device),
        )
        for name, value in (
            *_command_facts(run.spec),
            *(settings if run.status is not Status.IMPORTED else ()),
            *([("data", data_text(run))] if run.data_fingerprint else []),
            *([("data folder", folder)] if (folder := data_folder_text(run)) else []),
            *([("executor", run.spec.executor)] if run.spec.executor != "local" else []),
            ("id", run.id),
        ):
            rows += _pair(name, value, "muted", width)
        return rows


def _command_facts(spec: Spec) -> list[tuple[str, str]]:
    if spec.command is None:
        return []
    from tui.data.command_text import command_text  # most runs are experiments

    facts = (
        ("command", command_text(spec)),
        ("folder", spec.command.folder),
        ("in no file", ", ".join(spec.command.withheld)),
        ("output", "  ".join(spec.command.output_metrics)),
    )
    return [(name, value) for name, value in facts if value]


def _pair(name: str, value: str, style_name: str, width: int) -> list[Row]:
    """Name and value; a value too long for its column begins further left, then is wrapped."""
    name, value = plain(name, limit=40), plain(value, limit=200)
    indent = max(cell_len(name) + 1, min(NAME_WIDTH + 1, width - cell_len(value)))
    room = max(10, width - indent)
    value = plain(value, limit=VALUE_LINES * room)
    parts = chop_cells(value, room) or [""]
    heads = [justified(name, indent), *[" " * indent] * (len(parts) - 1)]
    return [(Span(head, "muted"), Span(part, style_name)) for head, part in zip(heads, parts, strict=True)]


def visible_cells(line: str, left: int, width: int, style: str = "text") -> Row:
    """The cells of a line from `left` on, with a sign at each end where it is cut."""
    rest = line[left:] if line.isascii() else "".join(sign for sign, _ in cells((Span(line),))[left:])
    before = (Span(glyphs().cut, "muted"),) if left and line else ()
    return clipped((*before, Span(rest[len(before) :], style)), width)


class CheckpointsSheet(StepList):
    """A row per checkpoint, newest first: step, size, hash of the weights, or why it is damaged."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._found: tuple[CheckpointFacts, ...] | None = None
        self._run: RunSummary | None = None
        self._media: Sequence[MediaFacts] = ()

    def update(
        self,
        found: tuple[CheckpointFacts, ...] | None,
        run: RunSummary | None = None,
        media: Sequence[MediaFacts] = (),
    ) -> None:
        """Replace the checkpoints, those of `run`; None while they are loading."""
        self._found, self._run, self._media = found, run, media
        self.entries_changed()

    def steps(self) -> Sequence[float]:
        return [facts.step for facts in self._in_order()]

    def _in_order(self) -> Sequence[CheckpointFacts]:
        return sorted(self._found or (), key=lambda facts: -facts.step)

    def entry_rows(self, width: int) -> Sequence[tuple[int | None, Row]]:
        if self._found is None:
            return ()
        media = [row for facts in self._media for row in _pair(facts.kind, media_text(facts), "muted", width)]
        if media:
            media.insert(0, ())
        if not self._found:
            is_command = self._run is not None and self._run.spec.command is not None
            text = "none was named by dltui_track.checkpoint" if is_command else "no checkpoint yet"
            return [(None, row) for row in ((Span(text, "muted"),), *media)]
        is_named = any(not facts.weights_sha256 for facts in self._found)
        head = (Span(f"{'step':>10}  {'size':>8}  {'file' if is_named else 'weights'}", "muted"),)
        found = [
            (index, row)
            for index, facts in enumerate(self._in_order())
            for row in _checkpoint_rows(facts, self._run, width)
        ]
        return [(None, head), *found, *((None, row) for row in media)]


def _checkpoint_rows(facts: CheckpointFacts, run: RunSummary | None, width: int) -> list[Row]:
    """A row, and one for each remark that has no room beside it: best value, parent, what answers with it."""
    step = Span(f"{facts.step:>10,}  ", "text")
    if facts.damaged:
        sign = status_sign(Status.FAILED).text
        return [(step, Span(f"{sign} {plain(facts.damaged, limit=120)}", "bad"))]
    bytes_ = Span(f"{size(facts.bytes):>8}  ", "muted")
    room = max(8, width - row_width((step, bytes_)))
    name = facts.weights_sha256[:12] or plain(PurePath(facts.path).name, limit=room)
    row = (step, bytes_, Span(name, "muted"))
    rows: list[Row] = [row]
    for text in _remarks(facts, run):
        remark = Span(plain(text, limit=60), "good")
        if row_width(rows[-1]) + 2 + len(remark.text) <= width:
            rows[-1] = (*rows[-1], Span("  "), remark)
        else:
            rows.append((Span(" " * max(0, min(12, width - len(remark.text)))), remark))
    return rows


def _remarks(facts: CheckpointFacts, run: RunSummary | None) -> list[str]:
    parent = run.spec.parent if run is not None else None
    value = best_text(run, facts) if run is not None else ""
    return [
        *([f"best: {value}"] if value else []),
        *([f"of {parent.short}"] if parent is not None and parent.step == facts.step else []),
        *([facts.answers] if facts.answers else []),
    ]

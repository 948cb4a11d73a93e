"""The report of an exam: by lecture and concept, what was missed and why."""

from __future__ import annotations

from engine.session_protocol.learn_exams import ExamPaper, ExamShareLine
from tui.learn.share_bar import share_bar
from tui.learn.today_rows import number_of
from tui.terminal.plain_text import plain
from tui.ui.numbers import clock
from tui.ui.span import Row, Span, justified
from tui.ui.wrap import wrap_row

CONCEPTS, SLOWEST = 6, 3
"""lines shown at most"""


def report_rows(paper: ExamPaper, width: int) -> list[Row]:
    room = min(width, 96)
    rows: list[Row] = [
        (Span(f"   the newest exam: {paper.right} of {len(paper.items)} right", "strong"),
         Span(f"   seed {paper.seed}", "muted"), Span("   c copies it as Markdown", "muted")),
        (),
    ]  # fmt: skip
    if paper.known:
        rows = [*rows[:1], (Span(f"   passed: {paper.known} cards start as known", "good"),), ()]
    rows += [_share(f"lecture {number_of(one.name)}", one) for one in paper.shares]
    weak = [one for one in paper.concepts if one.right < one.asked][:CONCEPTS]
    if weak:
        rows += [(), (Span("   concepts with a miss", "muted"),)]
        rows += [_share(one.name.replace("-", " "), one) for one in weak]
    if paper.seconds:
        slow = ", ".join(f"{name} {clock(seconds)}" for name, seconds in paper.seconds[:SLOWEST])
        rows += [
            (),
            *wrap_row((Span("   longest: ", "muted"), Span(plain(slow, limit=300), "text")), room, 3),
        ]
    for missed in paper.missed:
        rows += [(), *wrap_row((Span("   "), Span(plain(missed.ask, limit=400), "strong")), room, 3)]
        said = f"you said {missed.said}; " if missed.said else "not answered; "
        told = f"{said}{missed.happened}" if missed.happened else said.rstrip("; ")
        rows += wrap_row((Span("   "), Span(plain(told, limit=400), "warn")), room, 3)
        rows += wrap_row((Span("   "), Span(plain(missed.explain, limit=600), "text")), room, 3)
        if missed.aid:
            rows.append((Span("   try it: ", "muted"), Span(missed.aid.replace("_", " "), "link")))
    return rows


def _share(name: str, line: ExamShareLine) -> Row:
    share = line.right / line.asked if line.asked else 0.0
    return (Span(f"   {justified(name, 24)}", "text"), *share_bar(share, 12),
            Span(f"  {line.right} of {line.asked}", "text"))  # fmt: skip

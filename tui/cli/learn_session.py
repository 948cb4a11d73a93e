"""`dltui learn today`, `progress`, `exam`, `reset`, `export`, `import`: verbs that a session answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine import places
from engine.errors import InputError
from engine.params import Value
from tui.cli.engine_call import confirm, exit_on_error, fail, print_json, print_lines, print_stderr
from tui.cli.language import call_session, last_part
from tui.cli.learn_due import due_text
from tui.cli.ls import AsJson
from tui.cli.table import TableColumn, table

if TYPE_CHECKING:
    from engine.client.session import Session
    from engine.session_protocol.learn import Foreseen, LearnProgress, LearnToday, WeakSpot
    from engine.session_protocol.learn_exams import ExamPaper, ExportedLearning

PROGRESS = (
    TableColumn("lecture"), TableColumn("title", 12), TableColumn("sections"), TableColumn("aids"),
    TableColumn("goals"), TableColumn("essays"), TableColumn("known"), TableColumn("learning"),
    TableColumn("new"), TableColumn("recalled now"),
)  # fmt: skip
WEAK = (TableColumn("forgotten"), TableColumn("item"), TableColumn("question", 20), TableColumn("aid"))
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]


def today(json: AsJson = False) -> None:
    """Print what is due today, how you do, and where reading continues."""
    from engine.session_protocol.learn import DueRequest

    found = call_session(lambda session: session.ask(DueRequest()))
    if json:
        print_json(found)
        return
    print_lines(_today_lines(found))
    for note in found.notes:
        print_stderr(note)


def _today_lines(found: LearnToday) -> list[str]:
    if not found.is_begun and found.go_on:
        title, minutes = found.go_on.title, found.go_on.minutes
        return [f"Nothing is begun. Lecture 1, {title}, {minutes} minutes: dltui learn show 1"]
    lines = [due_text(len(found.due), len(found.new), found.minutes, found.next)]
    if found.locked:
        lines.append(f"{len(found.locked)} locked and not run: dltui learn review")
    if found.exam:
        lines.append("An exam was left: dltui learn exam")
    if found.exam_on:
        lines.append(f"exam on {found.exam_on}")
    if (go_on := found.go_on) is not None:
        where = f"{go_on.lecture}.{go_on.section}".rstrip(".")
        shown = f', "{go_on.section_title}"' if go_on.section else ""
        lines.append(f"read next: {go_on.title}{shown}: dltui learn show {where}")
    days = sum(one.cards > 0 for one in found.days)
    lines.append(f"28 days: {_count(found.cards, 'card')} on {_count(days, 'day')}")
    lines += _foreseen_lines(found.foreseen, " this week")
    if found.orphans:
        lines.append(f"marks of items that no deck has, which are kept: {found.orphans}")
    return [*lines, *_weak_lines(found.weak)]


def _foreseen_lines(said: Foreseen, when: str) -> list[str]:
    if not said.all:
        return []
    sure = f"{said.right_not_guessed} of {said.not_guessed} that were no guess"
    return [f"predicted: {said.right} of {said.all}{when}, {sure}"]


def _weak_lines(weak: Sequence[WeakSpot]) -> list[str]:
    rows = [(f"{one.lapses} times", one.item, one.ask, one.aid) for one in weak]
    return ["", *table(WEAK, rows)] if rows else []


def progress(json: AsJson = False) -> None:
    """Print how far you are in each lecture, and how well predictions held."""
    from engine.session_protocol.learn import ProgressRequest

    found = call_session(lambda session: session.ask(ProgressRequest()))
    if json:
        print_json(found)
        return
    print_lines(_progress_lines(found))


def _progress_lines(found: LearnProgress) -> list[str]:
    rows = [
        (
            one.id,
            one.title,
            *(f"{part.done}/{part.of}" for part in (one.sections, one.aids, one.goals, one.essays)),
            str(one.known),
            str(one.learning),
            str(one.new),
            f"{one.recalled:.0f}" if one.known + one.learning else "",
        )
        for one in found.lectures
    ]
    lines = list(table(PROGRESS, rows))
    lines.append(
        f"{found.cards.done} of {found.cards.of} cards known, {_count(found.marks, 'mark')} on "
        f"{_count(found.days, 'day')}"
    )
    lines += _foreseen_lines(found.foreseen, "")
    for item, count in found.orphans.items():
        lines.append(f"{item} is in no deck; marks that are kept: {count}")
    return [*lines, *_weak_lines(found.weak)]


def exam(
    lectures: Annotated[
        str, typer.Option("--lectures", metavar="1-5", help="lectures, such as 1-3,5 (default: all)")
    ] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", help="number that draws the items (default: the next)", min=0)
    ] = None,
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help="set the day of your exam, or none; asks nothing")
    ] = "",
    known: Annotated[
        bool, typer.Option("--known", help="passed: cards not asked before start as known")
    ] = False,
    json: AsJson = False,
) -> None:
    """Answer 20 questions in 25 minutes, without hints and marks; leave and come back.

    Questions are on stderr, the report (Markdown) on stdout.
    """
    from tui.cli.learn_exam import ExamLines, report_lines, set_day

    if on:
        print_stderr(call_session(lambda session: set_day(session, on)))
        return

    async def ask(session: Session) -> ExamPaper:
        lines = ExamLines(session)
        return await lines.run(await lines.begin(lectures, seed), known)

    paper = call_session(ask)
    if not paper.is_over:
        print_stderr("\nLeft. It continues with: dltui learn exam")
    elif json:
        print_json(paper)
    else:
        print_lines(report_lines(paper))


def aid_of_run(name: str, given: Mapping[str, Value], seed: int) -> dict[str, Any]:
    """Parameters, values and data of an aid as the session computes it, which looks into runs; a note says
    which run it is, or that it is the example."""
    from engine.session_protocol.learn import AidRequest, ComputedAid

    made = call_session(lambda session: last_part(session, AidRequest(name, given, seed), ComputedAid))
    told: dict[str, Any] = {
        "name": name, "params": made.params, "seed": seed, "values": made.values, "data": made.data,
    }  # fmt: skip
    return told | {key: value for key, value in (("note", made.note), ("run", made.run)) if value}


def reset(
    what: Annotated[str, typer.Argument(metavar="ITEM|LECTURE|all", help="item, lecture such as 2, or all")],
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """Begin an item, a lecture or all once more; what you answered stays in the log."""
    from engine.session_protocol.learn_exams import ResetRequest

    if what != "all" and not yes:
        _check_reset(what)
    if not yes and not confirm(f"Begin {what} once more, as if it had not been asked?"):
        return
    made = call_session(lambda session: session.ask(ResetRequest(what)))
    if json:
        print_json(made)
    else:
        print_stderr(f"{_count(made.items, 'card')} reset.")


def _check_reset(what: str) -> None:
    """Refuse what is no item, lecture or deck's card before anybody is asked."""
    from engine.course import queries

    with exit_on_error():
        queries.check_reset(places.home().learn, what)


def export(
    log: Annotated[bool, typer.Option("--log", help="print the log of all answers (the default)")] = False,
    anki: Annotated[
        str, typer.Option("--anki", metavar="FILE", help="write questions as text that Anki imports")
    ] = "",
    notes: Annotated[bool, typer.Option("--notes", help="print your notes as Markdown")] = False,
    json: AsJson = False,
) -> None:
    """Export the log, questions for Anki, or your notes."""
    from engine.session_protocol.learn_exams import ExportRequest

    if log + bool(anki) + notes > 1:
        fail(InputError("export: expected one of --log, --anki and --notes, got several."))
    what = "anki" if anki else "notes" if notes else "log"
    path = str(Path(anki).absolute()) if anki else ""
    made: ExportedLearning = call_session(lambda session: session.ask(ExportRequest(what, path)))
    if json:
        print_json(made)
    elif made.path:
        print_stderr(f"{made.path}: {_count(made.lines, 'line')}.")
    else:
        print_lines(made.text.rstrip("\n").split("\n") if made.text else ())


def import_(
    path: Annotated[Path, typer.Argument(metavar="LOG", help="log of another machine, or text from Anki")],
    json: AsJson = False,
) -> None:
    """Import a log: it is merged with yours; Anki's plain text becomes a deck."""
    from engine.session_protocol.learn_exams import ImportRequest

    made = call_session(lambda session: session.ask(ImportRequest(str(path.absolute()))))
    if json:
        print_json(made)
        return
    what = "card" if made.deck else "line"
    text = f"{_count(made.added, what)} added, {made.known} there before"
    text += f", {_count(made.skipped, 'line')} could not be read" if made.skipped else ""
    print_stderr(f"{text}.")
    if made.deck:
        print_stderr(f"The deck is {made.deck}: dltui learn review")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

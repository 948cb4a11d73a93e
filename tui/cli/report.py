"""`dltui report`: precision, recall and confusion matrix of MNIST networks."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.errors import InputError
from engine.protocol import RunSummary
from engine.session_protocol.mnist import (
    AverageScores,
    ClassRow,
    FinishedReport,
    NetworksTable,
    NetworksTableRequest,
    ReportRequest,
    SplitReport,
    TableRow,
)
from tui.cli.engine_call import call_engine, fail, print_json, print_lines, print_stderr, print_stdout
from tui.cli.language import call_session, fields, last_part
from tui.cli.ls import AsJson
from tui.cli.shell_completion import complete_run
from tui.data.value_text import aligned


def report(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="id, prefix, name, @last, or RUN@best; default: a table of all networks",
            autocompletion=complete_run,
        ),
    ] = "",
    split: Annotated[str, typer.Option(help="split: train, validation or test")] = "test",
    step: Annotated[
        int | None, typer.Option(help="step of the checkpoint (default: the one used for answers)")
    ] = None,
    json: AsJson = False,
) -> None:
    """Print precision, recall, F1 and the confusion matrix.

    Without RUN: a table of the networks of the course's MNIST notebook and of the two recipes.
    Train one with: dltui run mnist --set model=double_conv
    """
    if not run:
        _print_table(
            call_session(lambda session: last_part(session, NetworksTableRequest(), NetworksTable)), json
        )
        return
    is_best = run.endswith("@best")
    found = call_engine(lambda client: client.show(run.removesuffix("@best")))
    request = ReportRequest(found.id, split, _best_step(found) if is_best else step)
    answer = call_session(lambda session: last_part(session, request, FinishedReport))
    if answer.warning:
        print_stderr(answer.warning)
    if json:
        print_json(fields(answer, "run", "step", "weights", "split", "data", "report"))
        return
    _print_report(found.spec.name or found.id, answer)


def _best_step(run: RunSummary) -> int:
    """The step of the best checkpoint; exits where none is known."""
    steps = [one.step for one in run.checkpoints if one.best is not None]
    if not steps:
        kept = ", ".join(str(one.step) for one in run.checkpoints) or "none"
        fail(InputError(f"No checkpoint of {run.spec.name or run.id} has a best value.", f"Kept: {kept}."))
    return steps[0]


def _print_report(name: str, answer: FinishedReport) -> None:
    made = answer.report
    whose = made.title.removeprefix("the images of ")
    print_stdout(f"{name}, {answer.weights}: {made.images:,} {answer.split} images of {whose}\n")
    print_lines(aligned(_scores(made)))
    balanced, loss = made.balanced_accuracy, made.loss
    print_stdout(f"\naccuracy {made.accuracy:.4f}   balanced accuracy {balanced:.4f}   loss {loss:.4f}\n")
    print_lines(aligned(_matrix(made)))


def _print_table(answer: NetworksTable, json: bool) -> None:
    if json:
        print_json(fields(answer, "goal", "rows", "best", "notice"))
        return
    goal = f"to {answer.goal:.0%}"
    head = ("network", "batch", goal, "seconds", "validation", "balanced", "test", "run")
    print_lines(aligned([head, *(_row(row) for row in answer.rows)]))
    for row in answer.rows:
        if row.run and row.why:
            print_stdout(f"{row.run}: {row.why}")
    if answer.notice:
        print_stdout(f"\n{answer.notice}")
    if best := answer.best:
        share = _share(best.test_accuracy)
        test = f"test accuracy {share}" if share else "not tested yet"
        batch = f", batch {best.batch}" if best.batch else ""
        print_stdout(f"\nbest by balanced validation accuracy: {best.model}{batch}; {test}")


def _row(row: TableRow) -> tuple[str, ...]:
    not_yet = "" if row.is_reached else "> "
    return (
        row.model, str(row.batch or ""),
        "" if row.iterations is None else f"{not_yet}{row.iterations:,} steps",
        "" if row.seconds is None else f"{not_yet}{row.seconds:.1f}",
        *map(_share, (row.val_accuracy, row.balanced, row.test_accuracy)), row.run or row.why,
    )  # fmt: skip


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _scores(made: SplitReport) -> list[tuple[str, ...]]:
    named: list[tuple[str, ClassRow | AverageScores]] = [(one.name, one) for one in made.classes]
    named += [("macro average", made.macro), ("weighted average", made.weighted)]
    rows = [
        (name, *map(_share, (one.precision, one.recall, one.f1)), f"{one.support:,}") for name, one in named
    ]
    return [("class", "precision", "recall", "f1", "images"), *rows]


def _matrix(made: SplitReport) -> list[tuple[str, ...]]:
    """Rows are true classes, columns predicted ones."""
    head = ("true \\ predicted", *(str(one.label) for one in made.classes))
    rows = [
        (one.name, *(str(count) if count else "." for count in counts))
        for one, counts in zip(made.classes, made.confusion, strict=True)
    ]
    return [head, *rows]

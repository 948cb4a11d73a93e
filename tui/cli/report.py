"""`dltui report`: precision, recall and confusion matrix of MNIST networks."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.client.session import Session
from engine.protocol import Json
from tui.cli.engine_call import call_engine, print_json, print_stderr, print_stdout
from tui.cli.language import call_session
from tui.cli.ls import AsJson
from tui.cli.shell_completion import complete_run
from tui.data.value_text import aligned

CLASSES = range(10)
WHOLE = {"accuracy": "accuracy", "balanced accuracy": "balanced_accuracy", "loss": "loss"}


def report(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="id, prefix, name, or @last; default: a table of all networks",
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
        _print_table(call_session(lambda session: _last_part(session, "mnist.table", {})), json)
        return
    found = call_engine(lambda client: client.show(run))
    arguments: Json = {"run": found.id, "split": split, "step": step}
    answer = call_session(lambda session: _last_part(session, "mnist.report", arguments))
    if answer["warning"]:
        print_stderr(answer["warning"])
    if json:
        print_json({name: answer[name] for name in ("run", "step", "weights", "split", "data", "report")})
        return
    _print_report(found.spec.name or found.id, answer)


async def _last_part(session: Session, method: str, arguments: Json) -> Json:
    """The last part of the answer to a streaming method, which is the complete result."""
    return [part async for part in session.stream(method, **arguments)][-1]


def _print_report(name: str, answer: Json) -> None:
    made = answer["report"]
    whose = made["title"].removeprefix("the images of ")
    print_stdout(f"{name}, {answer['weights']}: {made['images']:,} {answer['split']} images of {whose}\n")
    for line in aligned(_scores(made)):
        print_stdout(line)
    whole = [f"{name} {made[key]:.4f}" for name, key in WHOLE.items()]
    print_stdout(f"\n{'   '.join(whole)}\n")
    for line in aligned(_matrix(made)):
        print_stdout(line)


def _print_table(answer: Json, json: bool) -> None:
    if json:
        print_json({name: answer[name] for name in ("goal", "rows", "best", "notice")})
        return
    head = (
        "network",
        "batch",
        f"to {answer['goal']:.0%}",
        "seconds",
        "validation",
        "balanced",
        "test",
        "run",
    )
    for line in aligned([head, *(_row(row) for row in answer["rows"])]):
        print_stdout(line)
    for row in answer["rows"]:
        if row["run"] and row["why"]:
            print_stdout(f"{row['run']}: {row['why']}")
    if answer["notice"]:
        print_stdout(f"\n{answer['notice']}")
    if best := answer["best"]:
        test = (
            "not tested yet"
            if best["test_accuracy"] is None
            else f"test accuracy {best['test_accuracy']:.4f}"
        )
        batch = f", batch {best['batch']}" if best["batch"] else ""
        print_stdout(f"\nbest by balanced validation accuracy: {best['model']}{batch}; {test}")


def _row(row: Json) -> tuple[str, ...]:
    steps, seconds = row["iterations"], row["seconds"]
    not_yet = "" if row["is_reached"] else "> "
    shares = (row[name] for name in ("val_accuracy", "balanced", "test_accuracy"))
    return (
        row["model"], str(row["batch"] or ""), "" if steps is None else f"{not_yet}{steps:,} steps",
        "" if seconds is None else f"{not_yet}{seconds:.1f}",
        *("" if share is None else f"{share:.4f}" for share in shares),
        row["run"] or row["why"],
    )  # fmt: skip


def _scores(made: Json) -> list[tuple[str, ...]]:
    named = [(one["name"], one) for one in made["classes"]]
    rows = [*named, ("macro average", made["macro"]), ("weighted average", made["weighted"])]
    head = ("class", "precision", "recall", "f1", "images")
    return [head, *((name, *_three(one), f"{one['support']:,}") for name, one in rows)]


def _three(scores: Json) -> tuple[str, ...]:
    return tuple(f"{scores[name]:.4f}" for name in ("precision", "recall", "f1"))


def _matrix(made: Json) -> list[tuple[str, ...]]:
    """Rows are true classes, columns predicted ones."""
    head = ("true \\ predicted", *(str(label) for label in CLASSES))
    rows = [
        (made["classes"][true]["name"], *(str(count) if count else "." for count in made["confusion"][true]))
        for true in CLASSES
    ]
    return [head, *rows]

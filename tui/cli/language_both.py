"""`dltui both`, `blank`, `orders`: a forward and a reversed model combined."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.protocol import Json
from tui.cli.engine_call import print_json, print_stderr, print_stdout
from tui.cli.language import (
    LONGEST_SENTENCE,
    Model,
    Seed,
    call_session,
    last_part,
    print_model,
    print_sentence,
    with_sampling_options,
)
from tui.cli.ls import AsJson
from tui.data.value_text import aligned

Forward = Annotated[str, typer.Option(help="forward model: run (default: the newest finished one)")]
Reverse = Annotated[
    str, typer.Option(help="reversed model: run (default: the newest with the same vocabulary)")
]


@with_sampling_options
def both(
    text: Annotated[str, typer.Argument(help="words in the middle")],
    forward: Forward = "",
    reverse: Reverse = "",
    length: Annotated[
        int, typer.Option(help="maximum number of words, of TEXT and one side")
    ] = LONGEST_SENTENCE,
    first: Annotated[str, typer.Option(help="side that is extended first: right or left")] = "right",
    *,
    sampling: Json,
    seed: Seed = None,
    json: AsJson = False,
) -> None:
    """Extend TEXT to the left and right with two models.

    To the right with a forward model, to the left with a reversed one.
    """
    arguments: Json = {
        "text": text, "forward": forward, "reverse": reverse, "first": first, "seed": seed, "length": length,
        "until_end": True, **sampling,
    }  # fmt: skip
    print_sentence(call_session(lambda session: last_part(session, "language.both", arguments)), json)


def blank(
    text: Annotated[str, typer.Argument(help="sentence with a blank, such as 'i ___ cupcakes'")],
    forward: Forward = "",
    reverse: Reverse = "",
    k: Annotated[int, typer.Option("-k", help="number of words")] = 10,
    json: AsJson = False,
) -> None:
    """Fill a blank with a forward and a reversed model.

    The product of both probabilities, as a share among all words.
    """
    answer = call_session(
        lambda session: session.request("language.blank", text=text, forward=forward, reverse=reverse, k=k)
    )
    print_model(answer)
    if json:
        print_json(answer["fillings"])
        return
    rows = [(f"{100 * one['p']:6.2f} %", f"{one['logp']:8.2f}", one["text"]) for one in answer["fillings"]]
    for line in aligned([("share", "logp", "sentence"), *rows]):
        print_stdout(line)


def orders(
    text: Annotated[str, typer.Argument(help="words, in any order")],
    model: Model = "",
    k: Annotated[int, typer.Option("-k", help="number of orders")] = 10,
    json: AsJson = False,
) -> None:
    """Rank the orders of the words of TEXT by probability."""
    answer = call_session(lambda session: session.request("language.orders", text=text, run=model, k=k))
    print_model(answer)
    if json:
        print_json(answer["orders"])
        return
    shown = [*answer["orders"], *([answer["typed"]] if answer["typed"] else [])]
    rows = [(f"{one['logp']:8.2f}", one["text"], _mark(one)) for one in shown]
    for line in aligned(rows):
        print_stdout(line)
    how = "all scored" if answer["complete"] else "too many to score all: the best of a beam search"
    print_stderr(f"{answer['possible']:,} orders, {how}")


def _mark(order: Json) -> str:
    return "<- yours" if order["given"] else ""

"""`dltui predict`, `generate`, `score`: use a trained language model."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json as json_format
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from engine import places
from engine.client.client import open_session
from engine.client.session import Session
from engine.errors import DltuiError
from engine.params import Param, declared
from engine.protocol import Json, fields_of, number_to_json
from engine.sampling import Sampling
from engine.session_protocol.language import (
    BeamRequest,
    BeamSearch,
    BlankRequest,
    BothWaysRequest,
    CountedScore,
    GeneratedSentence,
    GenerateRequest,
    ModelAnswer,
    NextWord,
    NextWordsRequest,
    OrdersRequest,
    RankedOrder,
    ScoredFile,
    ScoreFileRequest,
    ScoreRequest,
    SentenceScore,
    WordScore,
)
from engine.session_protocol.request import StreamRequest
from tui.cli.engine_call import fail, print_json, print_lines, print_stderr, print_stdout
from tui.cli.ls import AsJson
from tui.cli.name_values import read_option
from tui.cli.shell_completion import complete_run
from tui.data.value_text import aligned, plural, short_number
from tui.ui.displayed_word import in_order, word_of

T = TypeVar("T")
LONGEST_SENTENCE = 50
"""words at most of a sentence that ends at the end-of-sentence token"""

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        help="model: run id, unique prefix, name or @last (default: the newest finished lm run)",
        autocompletion=complete_run,
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="random seed of the sampling (default: a new one each time)")
]
BEAM = Param("beam", int, None, "beam search of width N instead of sampling", least=1, word="off")
OPTIONS = {param.name: replace(param, name=param.name.replace("_", "-")) for param in declared(Sampling)}
"""the options of sampling, by the parameter of the session's methods"""


def with_sampling_options(verb: Callable[..., None]) -> Callable[..., None]:
    """A verb with the options of sampling in place of its parameter `sampling`, which gets their values."""

    @functools.wraps(verb)
    def run(**given: Any) -> None:
        sampling = {name: read_option(param, given.pop(name)) for name, param in OPTIONS.items()}
        verb(**given, sampling=sampling)

    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(verb, eval_str=True).parameters.values():
        options = [_option(name, param) for name, param in OPTIONS.items()]
        parameters += options if parameter.name == "sampling" else [parameter]
    named: Any = run
    named.__signature__ = inspect.Signature(parameters)
    return run


def _option(name: str, param: Param) -> inspect.Parameter:
    """A number that may be a word is read as text."""
    kind, default = (str, param.word) if param.word else (param.kind, param.default)
    option = typer.Option(help=param.help, metavar="N" if param.word else None)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
    )


def predict(
    text: Annotated[str, typer.Argument(help="beginning of the sentence (reversed model: end)")] = "",
    model: Model = "",
    k: Annotated[int, typer.Option("-k", help="number of words")] = 10,
    json: AsJson = False,
) -> None:
    """Print the most probable next words.

    Of a reversed model, the words before.
    """
    answer = call_session(lambda session: session.ask(NextWordsRequest(run=model, text=text, k=k)))
    print_model(answer, answer.unknown)
    if json:
        print_json([{"word": found.word, "p": found.p} for found in answer.candidates])
        return
    rows = [(f"{100 * c.p:6.2f} %", _bits(c), _word(c, answer)) for c in answer.candidates]
    print_lines(aligned(rows))


@with_sampling_options
def generate(
    text: Annotated[str, typer.Argument(help="beginning of the sentence (reversed model: end)")] = "",
    model: Model = "",
    length: Annotated[
        int | None, typer.Option(help="length of the sentence in words, TEXT included [7]")
    ] = None,
    until_eos: Annotated[
        bool, typer.Option(help=f"end at the end-of-sentence token; {LONGEST_SENTENCE} words at most")
    ] = False,
    least: Annotated[int, typer.Option(help="minimum number of words with --until-eos")] = 0,
    *,
    sampling: Json,
    beam: Annotated[str, typer.Option(metavar="N", help=BEAM.help)] = "off",
    seed: Seed = None,
    json: AsJson = False,
) -> None:
    """Generate text that continues TEXT.

    logp is the log-probability of the added words.
    """
    words = length if length is not None else LONGEST_SENTENCE if until_eos else 7
    params: Json = {"run": model, "text": text, "length": words, "until_end": until_eos, "least": least}
    width = read_option(BEAM, beam)
    if width is not None:
        _refuse_sampling_options(sampling, seed)
        params |= {"width": width, "repetition": sampling["repetition"]}
        _print_beam(call_session(lambda session: session.ask(BeamRequest(**params))), json)
        return
    params |= {"seed": seed, **sampling}
    _print_drawn(GenerateRequest(**params), json)


def score(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="SENTENCE", help="sentence to score, in quotes")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="text file of any size, one sentence per line")] = None,
    model: Model = "",
    json: AsJson = False,
) -> None:
    """Print the probability and perplexity of sentences.

    Per word, as a natural log-probability and as a perplexity.

    The end of the sentence counts. Words the model does not know are marked and not counted.
    With --file one line per sentence, with --json as one JSON object per line.
    """
    if bool(texts) == (file is not None):
        print_stderr("Expected sentences or --file, one of the two.")
        sys.exit(2)
    if file is not None:
        path = str(file.expanduser().absolute())
        call_session(lambda session: _score_file(session, path, model, json))
        return
    answer = call_session(lambda session: session.ask(ScoreRequest(texts or [], model)))
    print_model(answer)
    if json:
        print_json({"sentences": [_sentence_json(sentence) for sentence in answer.sentences]})
        return
    for sentence in answer.sentences:
        _print_scored(sentence, answer)


def call_session(request: Callable[[Session], Awaitable[T]]) -> T:
    """Run `request` with a new session; an error is printed in one line and exits."""

    async def run() -> T:
        async with open_session(places.home()) as session:
            return await request(session)

    try:
        return asyncio.run(run())
    except DltuiError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


async def last_part(session: Session, request: StreamRequest[Any], kind: type[T]) -> T:
    """The last part of a stream, a `kind`: the complete answer."""
    return [part async for part in session.parts(request) if isinstance(part, kind)][-1]


def _print_drawn(request: GenerateRequest | BothWaysRequest, json: bool) -> None:
    answer = call_session(lambda session: last_part(session, request, GeneratedSentence))
    print_model(answer, answer.unknown)
    if json:
        print_json(fields(answer, "text", "words", "logp", "seed"))
        return
    print_stdout(answer.text)
    print_stderr(f"log-probability {answer.logp:.2f} nats, seed {answer.seed}")


def fields(answer: object, *names: str) -> Json:
    return {name: getattr(answer, name) for name in names}


def print_model(answer: ModelAnswer, unknown: Sequence[str] = ()) -> None:
    """Print on stderr which model answered, with its notices and the words that it does not know."""
    runs = f"{answer.forward} and {answer.reverse}" if answer.forward else answer.run
    live = ", still training" if answer.is_running else ""
    print_stderr(f"{runs} ({answer.direction}{live}): {answer.weights}")
    if answer.notice:
        print_stderr(answer.notice)
    if unknown:
        print_stderr(f"Not in its vocabulary: {', '.join(unknown)}")


def _refuse_sampling_options(sampling: Json, seed: int | None) -> None:
    unused = {name: param for name, param in OPTIONS.items() if name != "repetition"}
    if seed is not None or any(sampling[name] != param.default for name, param in unused.items()):
        names = ", ".join(f"--{param.name}" for param in unused.values())
        print_stderr(f"--beam searches and draws nothing: leave out {names} and --seed.")
        sys.exit(2)


def _print_beam(answer: BeamSearch, json: bool) -> None:
    print_model(answer, answer.unknown)
    found = answer.sentences
    if json:
        print_json({**fields(found[0], "text", "words", "logp"), "seed": None, "beam": found})
        return
    print_lines(aligned([(f"{one.logp:8.2f}", f"{one.score:8.3f}", one.text) for one in found]))


def _sentence_json(sentence: SentenceScore) -> Json:
    sums = {"logp": sentence.logp, "perplexity": number_to_json(sentence.perplexity)}
    words = [fields(word, "word", "p", "rank", "known") for word in sentence.words]
    return {"text": sentence.text, **sums, "words": words}


def _print_scored(sentence: SentenceScore, answer: ModelAnswer) -> None:
    print_stdout(sentence.text)
    words = in_order(sentence.words, reverse=answer.direction == "reversed")
    rows = [("word", "p", "surprisal", "rank"), *(_word_row(word, answer) for word in words)]
    for line in aligned(rows):
        print_stdout(f"    {line}")
    print_stdout(f"    log-probability {sentence.logp:.4f} nats  perplexity {sentence.perplexity:.2f}")
    if sentence.unknown:
        counted = _sums(sentence.counted)
        print_stdout(f"    {sentence.unknown} unknown, not counted; counted as <UNK>: {counted}")
    print_stdout("")


def _word_row(word: WordScore, answer: ModelAnswer) -> tuple[str, str, str, str]:
    name = _word(word, answer)
    if word.p is None:
        return name, "unknown", "", ""
    return name, short_number(word.p), _bits(word), f"{word.rank:,}"


def _word(word: NextWord | WordScore, answer: ModelAnswer) -> str:
    return word_of(word.word, reverse=answer.direction == "reversed")


def _bits(word: NextWord | WordScore) -> str:
    return f"{word.surprisal:5.2f} bits"


def _sums(sums: CountedScore) -> str:
    return f"log-probability {sums.logp:.4f} nats, perplexity {sums.perplexity:.2f}"


async def _score_file(session: Session, path: str, model: str, json: bool) -> None:
    async for part in session.parts(ScoreFileRequest(path, model)):
        if isinstance(part, ScoredFile):
            _print_total(part)
            return
        for row in part.sentences:
            if json:
                print(json_format.dumps(row, default=fields_of))
            else:
                print_stdout(f"{row.logp:10.4f}  {row.perplexity:>10.2f}  {row.text}")
        for skipped in part.skipped:
            print_stderr(f"Line {skipped.line:,} is left out: {skipped.error}")


def _print_total(part: ScoredFile) -> None:
    print_model(part)
    total = part.total
    left_out = f", {plural(part.skipped, 'line')} left out" if part.skipped else ""
    unknown = f", {total.unknown:,} unknown words not counted" if total.unknown else ""
    perplexity = "" if total.perplexity is None else f", perplexity {total.perplexity:.2f}"
    print_stderr(f"{total.sentences:,} sentences, {total.words:,} words{perplexity}{unknown}{left_out}")


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
    params: Json = {
        "text": text, "forward": forward, "reverse": reverse, "first": first, "seed": seed, "length": length,
        "until_end": True, **sampling,
    }  # fmt: skip
    _print_drawn(BothWaysRequest(**params), json)


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
    answer = call_session(lambda session: session.ask(BlankRequest(text, forward, reverse, k)))
    print_model(answer, answer.unknown)
    if json:
        print_json(answer.fillings)
        return
    rows = [(f"{100 * one.p:6.2f} %", f"{one.logp:8.2f}", one.text) for one in answer.fillings]
    print_lines(aligned([("share", "logp", "sentence"), *rows]))


def orders(
    text: Annotated[str, typer.Argument(help="words, in any order")],
    model: Model = "",
    k: Annotated[int, typer.Option("-k", help="number of orders")] = 10,
    json: AsJson = False,
) -> None:
    """Rank the orders of the words of TEXT by probability."""
    answer = call_session(lambda session: session.ask(OrdersRequest(text, model, k)))
    print_model(answer)
    if json:
        print_json(answer.orders)
        return
    shown = [*answer.orders, *([answer.typed] if answer.typed else [])]
    rows = [(f"{one.logp:8.2f}", one.text, _mark(one)) for one in shown]
    print_lines(aligned(rows))
    how = "all scored" if answer.complete else "too many to score all: the best of a beam search"
    print_stderr(f"{answer.possible:,} orders, {how}")


def _mark(order: RankedOrder) -> str:
    return "<- yours" if order.given else ""

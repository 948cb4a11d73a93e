"""Methods `language.*`: predictions, samples and scores of trained language models.

A `run` is an id, the start of one, a name or @last; "" is the newest finished forward model. Each response
holds `run`, `direction`, `step` and `epoch` (of the checkpoint it was read from, see
engine.served_checkpoint; null where unknown), `weights` (the same as text: best epoch's or last),
`is_running` and `notice` (a newer checkpoint is damaged). Probabilities `p` are the model's own over
its whole vocabulary; `surprisal` is -log2 p in bits, `logp` a natural logarithm, `rank` 1 for the most
probable word. Words are in the order of the text; a reversed model predicts the words in front of a text.
Every method raises DltuiError with one line for wrong parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine import params as declared_params
from engine.errors import DataError, ParamError
from engine.models.language import (
    beam_search,
    both_ways,
    fill_blank,
    gates,
    load_model,
    scoring,
    word_orders,
)
from engine.models.language.generation import generate as draw_words
from engine.models.language.model import LanguageModel, check_pair
from engine.models.language.model_description import Direction
from engine.models.language.next_word import check_k
from engine.models.language.next_word import predict as predicted
from engine.models.language.prompt import Prompt, parse_seed, split_at_blank, tokenise
from engine.protocol import Json
from engine.sampling import SamplingParams, check_length, check_seed
from engine.session import language_responses as responses
from engine.session import language_runs, scored_file
from engine.session.cache import SessionCache
from engine.session.language_runs import OpenedModel
from engine.session.methods import Handler

TEXTS_LIMIT = 2000
COMPARED = 8


def models(session_cache: SessionCache) -> Json:
    """{models: [{run, name, experiment, framework, seed, direction, layers, embedding, hidden, tied,
    tokeniser, corpus, vocabulary, vocabulary_sha256, status, is_running, step (of the checkpoint that
    is served; 0: there is none), epoch, is_best, weights, created_at, perplexities:
    {metric: value}}], newest first, default: run id or ""}."""
    runs = language_runs.all_runs(session_cache)
    served = [run for run in runs if load_model.has_checkpoint(run.folder.path)]
    return {
        "models": [responses.model(run, language_runs.perplexities(session_cache, run)) for run in runs],
        "default": language_runs.find(session_cache, direction=_preferred(served)).id if served else "",
    }


def open_(session_cache: SessionCache, run: str = "") -> Json:
    """Loads the weights: {..., name, layers, hidden, vocabulary, tokeniser, corpus, framework}."""
    return responses.model_facts(_open(session_cache, run))


def predict(
    session_cache: SessionCache, run: str = "", text: str = "", k: int = 10, **sampling: object
) -> Json:
    """The next words (of a reversed model: the words before). `text` may be empty: the first (last) words.

    {..., text, words, unknown: [words of text], candidates: [{word, p, drawn, surprisal, kind}]}; kind is
    word, end (<EOS>: the sentence ends, or begins, here) or unknown (<UNK>: some word outside the
    vocabulary). `drawn` is the probability with which generate draws it for the same `sampling`.
    """
    found, params = _open(session_cache, run), _sampling_params(sampling)
    prompt = parse_seed(found.model.vocabulary, text)
    candidates = predicted(found.model, prompt.ids, k, params)
    return {
        **responses.head(found),
        **responses.prompt(prompt, text),
        "candidates": [{**responses.candidate(one), "drawn": one.drawn} for one in candidates],
    }


def generate(
    session_cache: SessionCache, run: str = "", text: str = "", seed: int | None = None, **sampling: object
) -> Iterator[Json]:
    """Streams a sentence word by word. `sampling`: the fields of SamplingParams.

    Parts {word, p, surprisal, kind, side (right, or left for a reversed model)}; the last is {..., done:
    true, text, words, added (how many words), logp (of the added words at temperature 1), ended, unknown,
    seed}. The same seed gives the same words.
    """
    found, used_seed, params = _open(session_cache, run), _seed(seed), _sampling_params(sampling)
    prompt = parse_seed(found.model.vocabulary, text)
    drawn = draw_words(found.model, prompt.ids, params, used_seed)
    side = both_ways.LEFT if found.model.is_reversed else both_ways.RIGHT
    sided = ((side, word) for word in drawn)
    return responses.growing(found.model.vocabulary, prompt, sided, responses.head(found), used_seed)


def beam_(
    session_cache: SessionCache,
    run: str = "",
    text: str = "",
    width: int = 4,
    length_penalty: float = 0.6,
    **sampling: object,
) -> Json:
    """The most probable sentences of a beam search, and its search tree. `sampling` as in generate.

    {..., text, words, unknown, sentences: [{text, words, logp, score, ended, node}], nodes: [{id, parent
    (-1: the seed), word, depth, p, logp (of the words added up to here), score (logp / length penalty),
    kept, kind}]}. Nodes come level by level, best first; `kept` ones were extended, or ended.
    """
    found = _open(session_cache, run)
    prompt = parse_seed(found.model.vocabulary, text)
    tree = beam_search.search(found.model, prompt.ids, width, _sampling_params(sampling), length_penalty)
    return {
        **responses.head(found),
        **responses.prompt(prompt, text),
        **responses.tree(found.model, prompt, tree),
    }


def score(
    session_cache: SessionCache, texts: Sequence[str], run: str = "", ranks: bool = True, skip: bool = False
) -> Json:
    """Log-probability and perplexity of sentences: {..., sentences: [sentence], total: {sentences, words,
    unknown, logp, perplexity}, skipped: [{line, error}]}.

    A text that cannot be scored is an error; with `skip` it is left out, unless none can be scored.

    A sentence is {text, words: [{word, p, surprisal, rank, known}], logp, perplexity, unknown, counted:
    {logp, perplexity}}; the last of its words is <EOS>. A word outside the vocabulary has p, surprisal and
    rank null and counts in neither logp nor perplexity; `counted` uses the p of <UNK> for it, as
    perplexities in training do.
    """
    found = _open(session_cache, run)
    if isinstance(texts, str) or not texts or len(texts) > TEXTS_LIMIT:
        count = 1 if isinstance(texts, str) else len(texts)
        raise DataError(f"Expected a list of 1 to {TEXTS_LIMIT:,} sentences, got {count:,}.")
    read, skipped = _read(found.model, texts, skip)
    scored = scoring.score(found.model, [prompt.ids for _, prompt in read], ranks=ranks)
    rows = zip(read, scored, strict=True)
    return {
        **responses.head(found),
        "sentences": [responses.sentence(text, prompt, one, ranks) for (text, prompt), one in rows],
        "total": responses.total(scored),
        "skipped": skipped,
    }


def _read(
    model: LanguageModel, texts: Sequence[str], skip: bool
) -> tuple[list[tuple[str, Prompt]], list[Json]]:
    read: list[tuple[str, Prompt]] = []
    skipped: list[Json] = []
    for number, text in enumerate(texts, 1):
        try:
            read.append((text, _cut(model, text, 0 if len(texts) == 1 else number)))
        except DataError as error:
            if not skip or (number == len(texts) and not read):
                raise
            skipped.append({"line": number, "error": error.message})
    return read, skipped


def score_file(session_cache: SessionCache, path: str, run: str = "") -> Iterator[Json]:
    """Streams the scores of a file of one sentence a line, of any size, decoded as a training corpus is.

    Parts {sentences: [{line, text, words (how many), unknown, logp, perplexity}], skipped: [{line, error}],
    lines, bytes, size}; the last is {..., done: true, total, skipped (how many), lines}.
    """
    return scored_file.scored(_open(session_cache, run), Path(path).expanduser())


def both(
    session_cache: SessionCache,
    text: str,
    forward: str = "",
    reverse: str = "",
    seed: int | None = None,
    first: str = both_ways.RIGHT,
    **sampling: object,
) -> Iterator[Json]:
    """Streams a sentence extended on both sides of `text`: parts as in generate, with `side` right or left.

    The `first` side is extended to its end before the other begins; with until_end the length holds for each
    side. Without `reverse` (or `forward`) the newest model of that direction with the same vocabulary. The
    last part also holds `forward` and `reverse`, the run ids.
    """
    pair, used_seed, params = _pair(session_cache, forward, reverse), _seed(seed), _sampling_params(sampling)
    prompt = parse_seed(pair[0].model.vocabulary, text)
    check_length(params.length, len(prompt.ids))
    drawn = both_ways.grow(pair[0].model, pair[1].model, prompt.ids, params, used_seed, first)
    return responses.growing(pair[0].model.vocabulary, prompt, drawn, responses.pair(*pair), used_seed)


def blank_(session_cache: SessionCache, text: str, forward: str = "", reverse: str = "", k: int = 10) -> Json:
    """The words that fit a blank, written ___, in a text.

    {..., forward, reverse, left, right (words), unknown, fillings: [{word, p, forward, reversed, logp,
    text}]}: p is the product of the two models' probabilities, normalised over all words; logp is that of the
    whole text by the forward model.
    """
    pair = _pair(session_cache, forward, reverse)
    left, right = split_at_blank(pair[0].model.vocabulary, text)
    fillings = fill_blank.fill(pair[0].model, pair[1].model, left.ids, right.ids, k)
    return {
        **responses.pair(*pair),
        "left": list(left.words),
        "right": list(right.words),
        "unknown": [*left.unknown, *right.unknown],
        "fillings": [responses.filling(pair[0].model.vocabulary, left, right, one) for one in fillings],
    }


def orders(session_cache: SessionCache, text: str, run: str = "", k: int = 10) -> Json:
    """The orders of the words of `text`, the most probable first.

    {..., words, unknown, orders: [{rank, text, words, logp, perplexity, given (the order of `text`)}],
    typed (the same of the order of `text`, rank null, where it is not among them; else null),
    possible, complete}; up to 5,040 possible orders all are scored, beyond that a search keeps the best
    (complete: false). Words outside the vocabulary are refused: the model cannot distinguish them.
    """
    check_k(k)
    found = _open(session_cache, run)
    prompt = tokenise(found.model.vocabulary, text)
    if prompt.unknown:
        raise DataError(
            f"The model does not know {', '.join(map(repr, prompt.unknown[:5]))}; "
            "an order of unknown words has no probability.",
            "Leave them out.",
        )
    return {
        **responses.head(found),
        **responses.orders(found.model, prompt, word_orders.orders(found.model, prompt.ids, k)),
    }


def gates_(
    session_cache: SessionCache, text: str, run: str = "", layer: int = 0, unit: int | None = None
) -> Json:
    """Gates and state of one LSTM unit after each word, in the model's reading order, <START> first.

    {..., words, layer, unit, layers, hidden, liveliest: [units whose cell changes most], i, f, g, o, c, h:
    [number per word]}. Layers and units count from 0; without a unit the liveliest one.
    """
    found = _open(session_cache, run)
    prompt = tokenise(found.model.vocabulary, text)
    lively = gates.most_active_units(found.model, prompt.ids, layer)
    trace = gates.trace(found.model, prompt.ids, layer, lively[0] if unit is None else unit)
    chosen = lively[0] if unit is None else unit
    return {**responses.head(found), **responses.gates(found.model, prompt, trace, layer, chosen, lively)}


def compare(session_cache: SessionCache, runs: Sequence[str], text: str, k: int = 10) -> Json:
    """{models: [{..., sentence (as in score), candidates (as in predict)}]}: up to 8 models on one text."""
    if isinstance(runs, str) or not 1 <= len(runs) <= COMPARED:
        raise ParamError(f"runs: expected a list of 1 to {COMPARED} models.")
    return {"models": [_compared(_open(session_cache, run), text, k) for run in runs]}


def _compared(found: OpenedModel, text: str, k: int) -> Json:
    prompt = tokenise(found.model.vocabulary, text)
    scored = scoring.score(found.model, [prompt.ids])[0]
    candidates = predicted(found.model, prompt.ids, k)
    return {
        **responses.model_facts(found),
        "sentence": responses.sentence(text, prompt, scored, ranks=True),
        "candidates": [responses.candidate(candidate) for candidate in candidates],
    }


def _cut(model: LanguageModel, text: str, number: int) -> Prompt:
    """Raises DataError that names the sentence by its number; 0: it is the only one."""
    try:
        return tokenise(model.vocabulary, text)
    except DataError as error:
        if not number:
            raise
        raise DataError(f"Sentence {number}: {error.message}", error.remedy) from error


def _open(session_cache: SessionCache, run: str) -> OpenedModel:
    if run == "":
        return language_runs.open_model(
            session_cache, language_runs.find(session_cache, direction=_preferred_of(session_cache))
        )
    return language_runs.open_model(session_cache, language_runs.find(session_cache, run))


def _preferred_of(session_cache: SessionCache) -> Direction | None:
    runs = language_runs.all_runs(session_cache)
    return _preferred([run for run in runs if load_model.has_checkpoint(run.folder.path)])


def _preferred(runs: Sequence[language_runs.LanguageRun]) -> Direction | None:
    """Forward, unless all are reversed."""
    is_there = any(run.description.direction is Direction.FORWARD for run in runs)
    return Direction.FORWARD if is_there else None


def _pair(session_cache: SessionCache, forward: str, reverse: str) -> tuple[OpenedModel, OpenedModel]:
    """Raises DataError for models of different vocabularies."""
    if not forward and not reverse:
        one, other = language_runs.newest_pair(session_cache)
    elif forward:
        one = language_runs.find(session_cache, forward)
        other = (
            language_runs.find(session_cache, reverse)
            if reverse
            else language_runs.partner(session_cache, one)
        )
    else:
        other = language_runs.find(session_cache, reverse)
        one = language_runs.partner(session_cache, other)
    pair = language_runs.open_model(session_cache, one), language_runs.open_model(session_cache, other)
    check_pair(pair[0].model, pair[1].model)
    return pair


def _seed(seed: int | None) -> int:
    return responses.fresh_seed() if seed is None else check_seed(seed)


def _sampling_params(facts: Mapping[str, object]) -> SamplingParams:
    found: SamplingParams = declared_params.build(SamplingParams, facts)
    return found


METHODS: Mapping[str, Handler] = {
    "models": models,
    "open": open_,
    "predict": predict,
    "generate": generate,
    "beam": beam_,
    "score": score,
    "score_file": score_file,
    "both": both,
    "blank": blank_,
    "orders": orders,
    "gates": gates_,
    "compare": compare,
}

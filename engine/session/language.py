"""Methods `language.*`; see engine.session_protocol.language.

Every method raises DltuiError with one line for wrong parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import DataError, ParamError
from engine.models.language import (
    attention,
    beam_search,
    fill_blank,
    gates,
    generation_both_ways,
    load_model,
    probable_word_orders,
    scoring,
)
from engine.models.language.generation import generate as draw_words
from engine.models.language.model import LanguageModel, check_pair
from engine.models.language.model_description import Direction
from engine.models.language.next_word import check_k
from engine.models.language.next_word import predict as predicted
from engine.models.language.prompt import Prompt, parse_seed, split_at_blank, tokenise
from engine.sampling import check_length
from engine.session import language_responses as responses
from engine.session import language_runs, score_sentence_file
from engine.session.cache import SessionCache
from engine.session.language_runs import OpenedModel
from engine.session.methods import Handler
from engine.session_protocol.language import (
    AttentionRequest,
    BeamRequest,
    BeamSearch,
    BlankRequest,
    BlocksRequest,
    BlockWords,
    BothWaysRequest,
    ComparedModel,
    ComparedModels,
    CompareRequest,
    FilledBlank,
    GatesRequest,
    GeneratedSentence,
    GeneratedWord,
    GenerateRequest,
    LanguageModels,
    ModelsRequest,
    NextWords,
    NextWordsRequest,
    OrdersRequest,
    RankedOrders,
    ScoredFile,
    ScoredLines,
    ScoreFileRequest,
    ScoreRequest,
    Scores,
    SentenceAttention,
    SkippedLine,
    UnitGates,
)

TEXTS_LIMIT = 2000
COMPARED = 8


def models(session_cache: SessionCache, request: ModelsRequest) -> LanguageModels:
    runs, served = language_runs.all_runs(session_cache), _served(session_cache)
    rows = [responses.model(run, language_runs.perplexities(session_cache, run)) for run in runs]
    default = language_runs.find(session_cache, direction=_preferred(served)).id if served else ""
    return LanguageModels(rows, default)


def predict(session_cache: SessionCache, request: NextWordsRequest) -> NextWords:
    found = _open(session_cache, request.run)
    prompt = parse_seed(found.model.vocabulary, request.text)
    candidates = predicted(found.model, prompt.ids, request.k, request)
    return NextWords(
        **responses.head(found),
        **responses.prompt(prompt, request.text),
        candidates=[responses.candidate(one, one.drawn) for one in candidates],
    )


def generate(
    session_cache: SessionCache, request: GenerateRequest
) -> Iterator[GeneratedWord | GeneratedSentence]:
    found, used_seed = _open(session_cache, request.run), _seed(request.seed)
    prompt = parse_seed(found.model.vocabulary, request.text)
    drawn = draw_words(found.model, prompt.ids, request, used_seed)
    side = generation_both_ways.LEFT if found.model.is_reversed else generation_both_ways.RIGHT
    sided = ((side, word) for word in drawn)
    return responses.growing(found.model.vocabulary, prompt, sided, responses.head(found), used_seed)


def beam_(session_cache: SessionCache, request: BeamRequest) -> BeamSearch:
    found = _open(session_cache, request.run)
    prompt = parse_seed(found.model.vocabulary, request.text)
    tree = beam_search.search(found.model, prompt.ids, request.width, request, request.length_penalty)
    return BeamSearch(
        **responses.head(found),
        **responses.prompt(prompt, request.text),
        **responses.tree(found.model, prompt, tree),
    )


def score(session_cache: SessionCache, request: ScoreRequest) -> Scores:
    found, texts = _open(session_cache, request.run), request.texts
    if not texts or len(texts) > TEXTS_LIMIT:
        raise DataError(f"Expected a list of 1 to {TEXTS_LIMIT:,} sentences, got {len(texts):,}.")
    read, skipped = _read(found.model, texts, request.skip)
    scored = scoring.score(found.model, [prompt.ids for _, prompt in read], ranks=request.ranks)
    rows = zip(read, scored, strict=True)
    return Scores(
        **responses.head(found),
        sentences=[responses.sentence(text, prompt, one, request.ranks) for (text, prompt), one in rows],
        total=responses.total(scored),
        skipped=skipped,
    )


def _read(
    model: LanguageModel, texts: Sequence[str], skip: bool
) -> tuple[list[tuple[str, Prompt]], list[SkippedLine]]:
    read: list[tuple[str, Prompt]] = []
    skipped: list[SkippedLine] = []
    for number, text in enumerate(texts, 1):
        try:
            read.append((text, _cut(model, text, 0 if len(texts) == 1 else number)))
        except DataError as error:
            if not skip or (number == len(texts) and not read):
                raise
            skipped.append(SkippedLine(number, error.message))
    return read, skipped


def score_file(session_cache: SessionCache, request: ScoreFileRequest) -> Iterator[ScoredLines | ScoredFile]:
    return score_sentence_file.scored(_open(session_cache, request.run), Path(request.path).expanduser())


def both(
    session_cache: SessionCache, request: BothWaysRequest
) -> Iterator[GeneratedWord | GeneratedSentence]:
    pair = _pair(session_cache, request.forward, request.reverse)
    used_seed = _seed(request.seed)
    prompt = parse_seed(pair[0].model.vocabulary, request.text)
    check_length(request.length, len(prompt.ids))
    drawn = generation_both_ways.grow(
        pair[0].model, pair[1].model, prompt.ids, request, used_seed, request.first
    )
    return responses.growing(pair[0].model.vocabulary, prompt, drawn, responses.pair(*pair), used_seed)


def blank_(session_cache: SessionCache, request: BlankRequest) -> FilledBlank:
    pair = _pair(session_cache, request.forward, request.reverse)
    vocabulary = pair[0].model.vocabulary
    left, right = split_at_blank(vocabulary, request.text)
    fillings = fill_blank.fill(pair[0].model, pair[1].model, left.ids, right.ids, request.k)
    return FilledBlank(
        **responses.pair(*pair),
        left=list(left.words),
        right=list(right.words),
        unknown=[*left.unknown, *right.unknown],
        fillings=[responses.filling(vocabulary, left, right, one) for one in fillings],
    )


def orders(session_cache: SessionCache, request: OrdersRequest) -> RankedOrders:
    check_k(request.k)
    found = _open(session_cache, request.run)
    prompt = tokenise(found.model.vocabulary, request.text)
    if prompt.unknown:
        raise DataError(
            f"The model does not know {', '.join(map(repr, prompt.unknown[:5]))}; "
            "an order of unknown words has no probability.",
            "Leave them out.",
        )
    return responses.orders(found, prompt, probable_word_orders.orders(found.model, prompt.ids, request.k))


def gates_(session_cache: SessionCache, request: GatesRequest) -> UnitGates:
    found, layer = _open(session_cache, request.run), request.layer
    prompt = tokenise(found.model.vocabulary, request.text)
    lively = gates.most_active_units(found.model, prompt.ids, layer)
    chosen = lively[0] if request.unit is None else request.unit
    trace = gates.trace(found.model, prompt.ids, layer, chosen)
    return responses.gates(found, prompt, trace, layer, chosen, lively)


def attention_(session_cache: SessionCache, request: AttentionRequest) -> SentenceAttention:
    found = _open(session_cache, request.run)
    prompt = tokenise(found.model.vocabulary, request.text)
    return responses.attention(found, prompt, attention.attention(found.model, prompt.ids))


def blocks(session_cache: SessionCache, request: BlocksRequest) -> BlockWords:
    found = _open(session_cache, request.run)
    prompt = tokenise(found.model.vocabulary, request.text)
    return responses.blocks(found, prompt, attention.behind_blocks(found.model, prompt.ids, request.k))


def compare(session_cache: SessionCache, request: CompareRequest) -> ComparedModels:
    if not 1 <= len(request.runs) <= COMPARED:
        raise ParamError(f"runs: expected a list of 1 to {COMPARED} models.")
    found = (_open(session_cache, run) for run in request.runs)
    return ComparedModels([_compared(one, request.text, request.k) for one in found])


def _compared(found: OpenedModel, text: str, k: int) -> ComparedModel:
    prompt = tokenise(found.model.vocabulary, text)
    scored = scoring.score(found.model, [prompt.ids])[0]
    return ComparedModel(
        **responses.head(found),
        name=found.run.spec.name,
        **responses.described(found.run),
        sentence=responses.sentence(text, prompt, scored, ranks=True),
        candidates=[responses.candidate(one) for one in predicted(found.model, prompt.ids, k)],
    )


def _cut(model: LanguageModel, text: str, number: int) -> Prompt:
    """Raises DataError that names the sentence by its number; 0: it is the only one."""
    try:
        return tokenise(model.vocabulary, text)
    except DataError as error:
        if not number:
            raise
        raise DataError(f"Sentence {number}: {error.message}", error.remedy) from error


def _open(session_cache: SessionCache, run: str) -> OpenedModel:
    direction = None if run else _preferred(_served(session_cache))
    return language_runs.open_model(session_cache, language_runs.find(session_cache, run, direction))


def _served(session_cache: SessionCache) -> list[language_runs.LanguageRun]:
    """Those with a checkpoint."""
    runs = language_runs.all_runs(session_cache)
    return [run for run in runs if load_model.has_checkpoint(run.folder.path)]


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
    return responses.fresh_seed() if seed is None else seed


HANDLERS: Mapping[Any, Handler] = {
    ModelsRequest: models,
    NextWordsRequest: predict,
    GenerateRequest: generate,
    BeamRequest: beam_,
    ScoreRequest: score,
    ScoreFileRequest: score_file,
    BothWaysRequest: both,
    BlankRequest: blank_,
    OrdersRequest: orders,
    GatesRequest: gates_,
    AttentionRequest: attention_,
    BlocksRequest: blocks,
    CompareRequest: compare,
}

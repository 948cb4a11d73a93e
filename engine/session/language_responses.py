"""Answers of the methods `language.*`, and parts of them."""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterable, Iterator, Sequence

from engine.data.text.vocabulary import EOS, UNK, Vocabulary
from engine.models.language import scoring
from engine.models.language.attention import AttentionWeights, BlockReadings
from engine.models.language.beam_search import BeamTree, path
from engine.models.language.fill_blank import BlankFilling
from engine.models.language.gates import GateTrace
from engine.models.language.generation import DrawnWord
from engine.models.language.generation_both_ways import LEFT
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import LstmDescription
from engine.models.language.next_word import Candidate, kind_of
from engine.models.language.probable_word_orders import WordOrder, WordOrders
from engine.models.language.prompt import Prompt
from engine.models.language.scoring import ScoredSentence
from engine.models.language.weights import LstmWeights
from engine.protocol import Json
from engine.served_checkpoint import served_step
from engine.session.language_runs import LanguageRun, OpenedModel
from engine.session_protocol.language import (
    BeamSentence,
    BlockWords,
    CountedScore,
    FittingWord,
    GeneratedSentence,
    GeneratedWord,
    LanguageModelRow,
    NextWord,
    ProbableNextWord,
    RankedOrder,
    RankedOrders,
    ScoreTotal,
    SentenceAttention,
    SentenceScore,
    TreeNode,
    UnitGates,
    WordScore,
)


def model(run: LanguageRun, perplexities: dict[str, float]) -> LanguageModelRow:
    status, which = run.status(), served_step(run.folder.checkpoints)
    return LanguageModelRow(
        run=run.id,
        name=run.spec.name,
        experiment=run.spec.experiment,
        seed=run.spec.seed,
        created_at=run.spec.created_at,
        status=str(status),
        is_running=status.is_active,
        step=which.step if which else 0,
        epoch=which.epoch if which else None,
        is_best=which is not None and which.is_best,
        weights=which.description if which else "",
        perplexities=perplexities,
        direction=str(run.description.direction),
        **described(run),
    )


def head(found: OpenedModel) -> Json:
    """The fields of ModelAnswer."""
    return {
        "run": found.run.id,
        "direction": str(found.run.description.direction),
        "step": found.served.which.step,
        "epoch": found.served.which.epoch,
        "weights": found.served.which.description,
        "is_running": found.is_running,
        "notice": found.served.notice,
    }


def pair(forward: OpenedModel, reverse: OpenedModel) -> Json:
    notices = (forward.served.notice, reverse.served.notice)
    both = {**head(forward), "is_running": forward.is_running or reverse.is_running}
    both["notice"] = " ".join(notice for notice in notices if notice)
    both["weights"] = (
        f"forward: {forward.served.which.description}; reversed: {reverse.served.which.description}"
    )
    return {**both, "direction": "both", "forward": forward.run.id, "reverse": reverse.run.id}


def prompt(prompt: Prompt, text: str) -> Json:
    """The fields `text`, `words` and `unknown` of an answer."""
    return {"text": text, "words": list(prompt.words), "unknown": list(prompt.unknown)}


def candidate(found: Candidate, drawn: float | None = None) -> NextWord:
    return NextWord(found.word, found.p, bits(found.logp), kind_of(found.id), drawn)


def growing(
    vocabulary: Vocabulary, prompt: Prompt, drawn: Iterable[tuple[str, DrawnWord]], head: Json, seed: int
) -> Iterator[GeneratedWord | GeneratedSentence]:
    """Each word as it is drawn, then the whole sentence."""
    words, logp, ended = list(prompt.words), 0.0, False
    for side, one in drawn:
        word = vocabulary.words[one.id]
        logp += one.logp
        ended = one.is_end
        if not one.is_end:
            words = [word, *words] if side == LEFT else [*words, word]
        yield GeneratedWord(word, one.p, bits(one.logp), kind_of(one.id), side)
    yield GeneratedSentence(
        **head,
        text=vocabulary.tokeniser.sentence(words),
        words=words,
        added=len(words) - len(prompt.words),
        logp=logp,
        ended=ended,
        unknown=list(prompt.unknown),
        seed=seed,
    )


def tree(model: LanguageModel, prompt: Prompt, found: BeamTree) -> Json:
    """The fields `nodes` and `sentences` of BeamSearch."""
    nodes = [
        TreeNode(
            id=place,
            parent=node.parent,
            word=model.vocabulary.words[node.id],
            depth=node.depth,
            p=math.exp(node.logp - (found.nodes[node.parent].logp if node.parent >= 0 else 0.0)),
            logp=node.logp,
            score=node.score,
            kept=node.kept,
            kind=kind_of(node.id),
        )
        for place, node in enumerate(found.nodes)
    ]
    return {"nodes": nodes, "sentences": [_leaf(model, prompt, found, leaf) for leaf in found.leaves]}


def _leaf(model: LanguageModel, prompt: Prompt, tree: BeamTree, leaf: int) -> BeamSentence:
    added = [model.vocabulary.words[number] for number in path(tree.nodes, leaf) if number != EOS]
    words = [*added[::-1], *prompt.words] if model.is_reversed else [*prompt.words, *added]
    node = tree.nodes[leaf]
    text = model.vocabulary.tokeniser.sentence(words)
    return BeamSentence(text, words, node.logp, node.score, ended=node.id == EOS, node=leaf)


def sentence(text: str, prompt: Prompt, scored: ScoredSentence, ranks: bool) -> SentenceScore:
    spelled = (*prompt.words, "<EOS>")
    rows = zip(spelled, scored.ids, scored.logps, scored.ranks, strict=True)
    words = [_word(word, number, logp, rank if ranks else None) for word, number, logp, rank in rows]
    return SentenceScore(text=text, words=words, **sums(scored))


def sums(scored: ScoredSentence) -> Json:
    """The fields that SentenceScore and LineScore share."""
    counted = CountedScore(scored.full_logp, scoring.perplexity(scored.full_logp, len(scored.ids)))
    return {
        "logp": scored.logp,
        "perplexity": scored.perplexity,
        "unknown": scored.unknown,
        "counted": counted,
    }


def total(scored: Sequence[ScoredSentence]) -> ScoreTotal:
    logp = math.fsum(one.logp for one in scored)
    counted = sum(len(one.ids) - one.unknown for one in scored)
    return ScoreTotal(
        sentences=len(scored),
        words=sum(len(one.ids) - 1 for one in scored),
        unknown=sum(one.unknown for one in scored),
        logp=logp,
        perplexity=scoring.perplexity(logp, counted) if counted else None,
    )


def filling(vocabulary: Vocabulary, left: Prompt, right: Prompt, found: BlankFilling) -> FittingWord:
    word = vocabulary.words[found.id]
    text = vocabulary.tokeniser.sentence([*left.words, word, *right.words])
    return FittingWord(word, found.p, found.forward, found.reversed, found.logp, text)


def orders(opened: OpenedModel, prompt: Prompt, found: WordOrders) -> RankedOrders:
    model = opened.model
    rows = [_order(model, prompt, order, rank) for rank, order in enumerate(found.best, 1)]
    typed = None
    if not any(row.given for row in rows):
        [scored] = scoring.score(model, [prompt.ids], ranks=False)
        typed = _order(model, prompt, WordOrder(prompt.ids, scored.full_logp), None)
    return RankedOrders(
        **head(opened),
        words=list(prompt.words),
        unknown=[],
        orders=rows,
        typed=typed,
        possible=found.possible,
        complete=found.is_complete,
    )


def _order(model: LanguageModel, prompt: Prompt, order: WordOrder, rank: int | None) -> RankedOrder:
    words = [model.vocabulary.words[number] for number in order.ids]
    text = model.vocabulary.tokeniser.sentence(words)
    return RankedOrder(rank, text, words, order.logp, order.perplexity, given=order.ids == prompt.ids)


def gates(
    opened: OpenedModel, prompt: Prompt, trace: GateTrace, layer: int, unit: int, lively: Sequence[int]
) -> UnitGates:
    model = opened.model
    assert isinstance(model.weights, LstmWeights), "engine.models.language.gates refuses others"
    return UnitGates(
        **head(opened),
        words=_as_read(model, prompt),
        unknown=list(prompt.unknown),
        layer=layer,
        unit=unit,
        layers=model.description.layers,
        hidden=len(model.weights.layers[0].recurrent),
        liveliest=list(lively),
        i=trace.i,
        f=trace.f,
        g=trace.g,
        o=trace.o,
        c=trace.c,
        h=trace.h,
    )


def attention(opened: OpenedModel, prompt: Prompt, found: AttentionWeights) -> SentenceAttention:
    return SentenceAttention(
        **head(opened),
        words=_as_read(opened.model, prompt),
        unknown=list(prompt.unknown),
        attention=found.weights.tolist(),
        entropies=found.entropies.tolist(),
    )


def blocks(opened: OpenedModel, prompt: Prompt, found: BlockReadings) -> BlockWords:
    words = opened.model.vocabulary.words
    return BlockWords(
        **head(opened),
        words=_as_read(opened.model, prompt),
        unknown=list(prompt.unknown),
        best=[[[ProbableNextWord(words[one.id], one.p) for one in at] for at in row] for row in found.words],
        norms=found.norms.tolist(),
    )


def _as_read(model: LanguageModel, prompt: Prompt) -> list[str]:
    return ["<START>", *(reversed(prompt.words) if model.is_reversed else prompt.words)]


def bits(logp: float) -> float:
    """Surprisal in bits of a natural log-probability."""
    return max(0.0, -logp / math.log(2))


def fresh_seed() -> int:
    """Random, below 1,000,000: short enough to be typed again."""
    return secrets.randbelow(1_000_000)


def described(run: LanguageRun) -> Json:
    described = run.description
    return {
        "framework": run.spec.framework,
        "layers": described.layers,
        "embedding": described.embedding,
        "hidden": described.hidden_size if isinstance(described, LstmDescription) else described.embedding,
        "tied": described.tied,
        "tokeniser": described.tokeniser,
        "corpus": described.corpus,
        "vocabulary": described.vocabulary,
        "vocabulary_sha256": described.vocabulary_sha256,
        "model": "lstm" if isinstance(described, LstmDescription) else "transformer",
    }


def _word(word: str, number: int, logp: float, rank: int | None) -> WordScore:
    if number == UNK:
        return WordScore(word, None, None, None, known=False)
    return WordScore(word, math.exp(logp), bits(logp), rank, known=True)

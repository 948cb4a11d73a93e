"""`language.*`: predictions, samples and scores of trained language models.

A `run` is an id, the start of one, a name or @last; empty: the newest finished forward model. Words are in
the order of the text; a reversed model predicts the words in front of a text. `kind` of a word is word, end
(<EOS>: the sentence ends, or of a reversed model begins, here) or unknown (<UNK>: some word outside the
vocabulary). Probabilities `p` are the model's own over its whole vocabulary, `surprisal` is -log2 p in bits,
`logp` a natural logarithm, `unknown` the words of a text that are not in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.sampling import SamplingParams, check_seed
from engine.session_protocol.request import Request, StreamRequest
from engine.typed_json import Number

# --- models -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelRow:
    """A run; `step`, `epoch` and `weights` are those of the checkpoint that is served, as in ModelAnswer."""

    run: str
    name: str
    experiment: str
    seed: int
    created_at: float
    status: str
    is_running: bool
    step: int
    """0: there is no checkpoint"""
    epoch: int | None
    is_best: bool
    weights: str
    perplexities: Mapping[str, Number]
    """by metric"""
    framework: str
    direction: str
    layers: int
    embedding: int
    hidden: int
    tied: bool
    tokeniser: str
    corpus: str
    vocabulary: int
    vocabulary_sha256: str
    model: str = "lstm"
    """or transformer, whose `layers` are its blocks"""


@dataclass(frozen=True, slots=True)
class LanguageModels:
    models: Sequence[LanguageModelRow]
    """newest first"""
    default: str
    """run id; empty: no model has a checkpoint"""


@dataclass(frozen=True, slots=True)
class ModelsRequest(Request[LanguageModels]):
    METHOD = "language.models"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """What an answer begins with: the model, and the checkpoint that it was read from."""

    run: str
    direction: str
    """forward, reversed, of a pair both"""
    step: int
    epoch: int | None
    """None: not known"""
    weights: str
    """the same as text: of the best epoch or the last"""
    is_running: bool
    notice: str
    """a newer checkpoint is damaged"""
    forward: str | None = None
    reverse: str | None = None
    """run ids of a pair"""


# --- words and sentences ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NextWord:
    word: str
    p: float
    surprisal: float
    kind: str
    drawn: float | None = None
    """probability with which it is drawn for the sampling of a request"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWords(ModelAnswer):
    text: str
    words: Sequence[str]
    unknown: Sequence[str]
    candidates: Sequence[NextWord]
    """best first"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWordsRequest(Request[NextWords], SamplingParams):
    """Without a text the first words, of a reversed model the last."""

    METHOD = "language.predict"

    run: str = ""
    text: str = ""
    k: int = 10


@dataclass(frozen=True, slots=True)
class GeneratedWord:
    word: str
    p: float
    surprisal: float
    kind: str
    side: str
    """of the text: right, or left by a reversed model"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedSentence(ModelAnswer):
    """The last part of a stream."""

    done: bool = True
    text: str
    words: Sequence[str]
    added: int
    """number of words"""
    logp: float
    """of the added words at temperature 1"""
    ended: bool
    unknown: Sequence[str]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest(StreamRequest[GeneratedWord | GeneratedSentence], SamplingParams):
    """The same seed gives the same words. Raises ParamError for an invalid seed."""

    METHOD = "language.generate"

    run: str = ""
    text: str = ""
    seed: int | None = None

    def __post_init__(self) -> None:
        _check_seeded(self, self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class BothWaysRequest(StreamRequest[GeneratedWord | GeneratedSentence], SamplingParams):
    """A sentence extended on both sides, the `first` one (right or left) to its end before the other begins.

    With until_end the length holds for each side. Without `reverse` or `forward` the newest model of that
    direction with the same vocabulary. Raises ParamError for an invalid seed.
    """

    METHOD = "language.both"

    text: str
    forward: str = ""
    reverse: str = ""
    seed: int | None = None
    first: str = "right"

    def __post_init__(self) -> None:
        _check_seeded(self, self.seed)


def _check_seeded(request: SamplingParams, seed: int | None) -> None:
    SamplingParams.__post_init__(request)
    if seed is not None:
        check_seed(seed)


@dataclass(frozen=True, slots=True)
class TreeNode:
    id: int
    parent: int
    """id; -1: the seed"""
    word: str
    depth: int
    p: float
    logp: float
    """of the words added up to here"""
    score: float
    """logp / length penalty"""
    kept: bool
    """it was extended, or is an end"""
    kind: str


@dataclass(frozen=True, slots=True)
class BeamSentence:
    text: str
    words: Sequence[str]
    logp: float
    score: float
    ended: bool
    node: int
    """id of the last"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamSearch(ModelAnswer):
    text: str
    words: Sequence[str]
    unknown: Sequence[str]
    nodes: Sequence[TreeNode]
    """level by level, best first"""
    sentences: Sequence[BeamSentence]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamRequest(Request[BeamSearch], SamplingParams):
    """The most probable sentences of a beam search, and its search tree."""

    METHOD = "language.beam"

    run: str = ""
    text: str = ""
    width: int = 4
    length_penalty: float = 0.6


# --- scores -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WordScore:
    """Of an unknown word only the word."""

    word: str
    p: float | None
    surprisal: float | None
    rank: int | None
    """1: the most probable word; None also where no ranks were requested"""
    known: bool


@dataclass(frozen=True, slots=True)
class CountedScore:
    logp: float
    perplexity: Number


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """Unknown words count in `counted`, with the p of <UNK>, as in training, but in neither logp nor
    perplexity."""

    text: str
    words: Sequence[WordScore]
    """the last is <EOS>"""
    logp: float
    perplexity: Number
    unknown: int
    counted: CountedScore


@dataclass(frozen=True, slots=True)
class LineScore:
    """As SentenceScore, for a line of a file."""

    line: int
    text: str
    words: int
    logp: float
    perplexity: Number
    unknown: int
    counted: CountedScore


@dataclass(frozen=True, slots=True)
class ScoreTotal:
    """Over all sentences."""

    sentences: int
    words: int
    unknown: int
    logp: float
    perplexity: Number | None
    """per word, not the mean over sentences; None: no word is known"""


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line that cannot be scored."""

    line: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores(ModelAnswer):
    sentences: Sequence[SentenceScore]
    total: ScoreTotal
    skipped: Sequence[SkippedLine]


@dataclass(frozen=True, slots=True)
class ScoreRequest(Request[Scores]):
    """A text that cannot be scored is an error; with `skip` it is left out, unless none can be scored."""

    METHOD = "language.score"

    texts: Sequence[str]
    run: str = ""
    ranks: bool = True
    skip: bool = False


@dataclass(frozen=True, slots=True)
class ScoredLines:
    sentences: Sequence[LineScore]
    skipped: Sequence[SkippedLine]
    lines: int
    bytes: int
    """lines and bytes read so far"""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredFile(ModelAnswer):
    """The last part of a stream."""

    done: bool = True
    total: ScoreTotal
    skipped: int
    lines: int


@dataclass(frozen=True, slots=True)
class ScoreFileRequest(StreamRequest[ScoredLines | ScoredFile]):
    """A file of one sentence a line, of any size, decoded as a training corpus is."""

    METHOD = "language.score_file"

    path: str
    run: str = ""


# --- blanks, orders, gates, comparisons ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FittingWord:
    """`p` is the product of `forward` and `reversed`, the models' probabilities, normalised over all words;
    `logp` that of the whole text by the forward model."""

    word: str
    p: float
    forward: float
    reversed: float
    logp: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledBlank(ModelAnswer):
    left: Sequence[str]
    right: Sequence[str]
    """words"""
    unknown: Sequence[str]
    fillings: Sequence[FittingWord]


@dataclass(frozen=True, slots=True)
class BlankRequest(Request[FilledBlank]):
    """The words that fit a blank, written ___, in a text. The models are found as in BothWaysRequest."""

    METHOD = "language.blank"

    text: str
    forward: str = ""
    reverse: str = ""
    k: int = 10


@dataclass(frozen=True, slots=True)
class RankedOrder:
    rank: int | None
    text: str
    words: Sequence[str]
    logp: float
    perplexity: Number
    given: bool
    """it is that of the text"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedOrders(ModelAnswer):
    words: Sequence[str]
    unknown: Sequence[str]
    orders: Sequence[RankedOrder]
    typed: RankedOrder | None
    """that of the text, where it is not among them: without a rank"""
    possible: int
    complete: bool
    """all up to 5,040 possible orders are scored; of more a search keeps the best"""


@dataclass(frozen=True, slots=True)
class OrdersRequest(Request[RankedOrders]):
    """The orders of the words of a text, the most probable first. Words outside the vocabulary are refused:
    the model cannot distinguish them."""

    METHOD = "language.orders"

    text: str
    run: str = ""
    k: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitGates(ModelAnswer):
    """A value per word of the gates i, f, o, the candidate g, the cell c and the output h of one unit."""

    words: Sequence[str]
    """in the model's reading order, <START> first"""
    unknown: Sequence[str]
    layer: int
    unit: int
    layers: int
    hidden: int
    liveliest: Sequence[int]
    """units whose cell changes most"""
    i: Sequence[float]
    f: Sequence[float]
    g: Sequence[float]
    o: Sequence[float]
    c: Sequence[float]
    h: Sequence[float]


@dataclass(frozen=True, slots=True)
class GatesRequest(Request[UnitGates]):
    """Layers and units count from 0; without a unit the liveliest one."""

    METHOD = "language.gates"

    text: str
    run: str = ""
    layer: int = 0
    unit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceAttention(ModelAnswer):
    """What each word of a text attends to, in a transformer."""

    words: Sequence[str]
    """T of them in the model's reading order, <START> first"""
    unknown: Sequence[str]
    attention: Sequence[Sequence[Sequence[Sequence[float]]]]
    """by block, head, word, and word that it attends to; rows sum to 1"""
    entropies: Sequence[Sequence[float]]
    """by block and head: mean entropy of the rows, in bits"""


@dataclass(frozen=True, slots=True)
class AttentionRequest(Request[SentenceAttention]):
    """Refused for an LSTM, and for more than 64 words."""

    METHOD = "language.attention"

    text: str
    run: str = ""


@dataclass(frozen=True, slots=True)
class ProbableNextWord:
    word: str
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockWords(ModelAnswer):
    """What the output layer makes of the word vectors before the first block and behind each one."""

    words: Sequence[str]
    """in the model's reading order, <START> first"""
    unknown: Sequence[str]
    best: Sequence[Sequence[Sequence[ProbableNextWord]]]
    """by block (0: before the first one) and word: the most probable next words, best first"""
    norms: Sequence[Sequence[float]]
    """by block and word: length of the word vector"""


@dataclass(frozen=True, slots=True)
class BlocksRequest(Request[BlockWords]):
    """Refused as AttentionRequest is."""

    METHOD = "language.blocks"

    text: str
    run: str = ""
    k: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedModel(ModelAnswer):
    name: str
    framework: str
    layers: int
    embedding: int
    hidden: int
    tied: bool
    tokeniser: str
    corpus: str
    vocabulary: int
    vocabulary_sha256: str
    sentence: SentenceScore
    candidates: Sequence[NextWord]
    model: str = "lstm"


@dataclass(frozen=True, slots=True)
class ComparedModels:
    models: Sequence[ComparedModel]


@dataclass(frozen=True, slots=True)
class CompareRequest(Request[ComparedModels]):
    """Up to 8 models on one text."""

    METHOD = "language.compare"

    runs: Sequence[str]
    text: str
    k: int = 10

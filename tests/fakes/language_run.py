"""A finished run of a bigram language model, written without a framework and without training.

The LSTM carries the last word, the output layer holds the log-frequencies of the word pairs in SENTENCES. In
every other way it is an ordinary run folder.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from checkpoints import folder as folders
from checkpoints import tensors
from engine import files, process_identity, store
from engine.data.text.tokeniser import Tokeniser
from engine.data.text.vocabulary import EOS, RESERVED, START, UNK, Vocabulary
from engine.events import EventWriter
from engine.models.language import model_description as descriptions
from engine.models.language.model_description import (
    Direction,
    LstmDescription,
    ModelDescription,
    TransformerDescription,
)
from engine.places import Places
from engine.protocol import Cause, CauseKind, Spec, Status
from engine.store import ExitFacts, KeeperFacts, RunFolder

Floats = NDArray[np.float32]

SENTENCES = (
    "i love cupcakes", "i love cupcakes", "i love chocolate cupcakes", "i love you", "you love me",
    "we love chocolate", "we bake cupcakes", "i bake chocolate cupcakes", "they bake bread",
    "a man is riding a wave", "a man is riding a horse", "a woman is holding a cat",
    "a cat is sleeping on a bed", "the cat sat on the mat", "the dog sat on the bed",
    "a dog is running on the beach", "two dogs are playing on the beach",
    "a woman is riding a bike on the beach", "a man is holding a surfboard",
)  # fmt: skip
PERPLEXITIES = {"train_perplexity": 21.4, "val_perplexity": 27.8, "test_perplexity": 28.3}
REMEMBERED = 8.0  # what opens or shuts a gate for good
SMOOTHING = 0.003  # of a sentence, for each pair of words that never met
FILLER = 1e-7  # the share of a word that no sentence holds


ModelFiles = tuple[ModelDescription, Mapping[str, Floats], Vocabulary]
"""description, weights and words of a model"""


def write_run(
    places: Places,
    *,
    direction: str = "forward",
    layers: int = 1,
    words: Sequence[str] = (),
    sentences: Sequence[str] = SENTENCES,
    size: int = 0,
    name: str = "",
    framework: str = "torch",
    corpus: str = "captions",
    status: Status | None = Status.DONE,
    step: int = 1200,
    perplexities: Mapping[str, float] = PERPLEXITIES,
    created_at: float | None = None,
    model: ModelFiles | None = None,
) -> str:
    """The id of a new run of `lm`; `model` replaces the files of the bigram model.

    `words` are added to the vocabulary, and made-up ones up to `size` words in all (a real model has 10,000).
    `status` RUNNING keeps the run alive as long as this process is; None writes no checkpoint either.
    """
    description, arrays, vocabulary = model or bigrams(
        direction, layers, words or (), sentences, size, corpus
    )
    folder = _folder(places, description, name, framework, created_at)
    files.write_json(folder.path / "model.json", descriptions.to_json(description))
    (folder.path / "vocabulary.txt").write_text("".join(f"{word}\n" for word in vocabulary.words), "utf-8")
    _write_events(folder, step if status else 0, perplexities if status else {})
    if status is not None:
        write_checkpoint(folder, step, arrays)
    _write_state_files(folder, status or Status.RUNNING)
    return folder.id


def bigrams(
    direction: str = "forward",
    layers: int = 1,
    words: Sequence[str] = (),
    sentences: Sequence[str] = SENTENCES,
    size: int = 0,
    corpus: str = "captions",
) -> ModelFiles:
    """The files of a model: description, weights, vocabulary."""
    vocabulary = _vocabulary(sentences, words, size)
    arrays = _arrays(vocabulary, sentences, direction, layers)
    return _description(vocabulary, arrays, direction, layers, corpus), arrays, vocabulary


def transformer(layers: int = 2, direction: str = "forward", seed: int = 1) -> ModelFiles:
    """The files of an untrained transformer of two heads that knows the words of SENTENCES."""
    vocabulary = _vocabulary(SENTENCES, (), 0)
    description = TransformerDescription(
        layers,
        Direction(direction),
        8,
        2,
        "sinusoidal",
        len(vocabulary),
        "plain",
        "captions",
        vocabulary.sha256,
    )
    random = np.random.default_rng(seed)
    arrays = {
        name: random.standard_normal(shape).astype(np.float32) for name, shape in description.shapes().items()
    }
    return description, arrays, vocabulary


def write_checkpoint(folder: RunFolder, step: int, arrays: Mapping[str, Floats]) -> None:
    folders.write(
        folder.checkpoints,
        step,
        {"model.safetensors": tensors.dumps(arrays)},
        run_id=folder.id,
        weights_sha256=tensors.weights_sha256(arrays),
        env={},
    )


def _vocabulary(sentences: Sequence[str], words: Sequence[str], size: int) -> Vocabulary:
    known = dict.fromkeys(word for sentence in sentences for word in sentence.split())
    known |= dict.fromkeys(words)
    made_up = (f"word{number}" for number in range(max(0, size - len(known) - len(RESERVED))))
    return Vocabulary((*RESERVED, *known, *made_up), Tokeniser.PLAIN)


def _arrays(
    vocabulary: Vocabulary, sentences: Sequence[str], direction: str, layers: int
) -> dict[str, Floats]:
    """One unit for each word of SENTENCES; it is on where that word was the last."""
    counts = _counts(vocabulary, sentences, direction)
    met = np.flatnonzero(counts.any(axis=1))
    hidden = len(met)
    arrays: dict[str, Floats] = {"embedding.weight": np.zeros((len(vocabulary), hidden), np.float32)}
    arrays["embedding.weight"][met, np.arange(hidden)] = 1
    height = 1.0
    for layer in range(layers):
        arrays |= _last_word_lstm(f"lstm.l{layer}.", hidden, height)
        height = float(np.tanh(np.tanh(REMEMBERED)))
    logs = np.log(counts[met] / counts[met].sum(axis=1, keepdims=True))
    arrays["output.weight"] = np.ascontiguousarray((logs.T / height).astype(np.float32))
    arrays["output.bias"] = np.zeros(len(vocabulary), np.float32)
    return arrays


def _last_word_lstm(start: str, hidden: int, height: float) -> dict[str, Floats]:
    """Input and output gates open, the forget gate shut, the candidate a copy of the input."""
    kernel = np.zeros((hidden, 4 * hidden), np.float32)
    kernel[:, 2 * hidden : 3 * hidden] = np.eye(hidden) * REMEMBERED / height
    bias = np.zeros(4 * hidden, np.float32)
    bias[:hidden] = bias[3 * hidden :] = 4 * REMEMBERED
    bias[hidden : 2 * hidden] = -4 * REMEMBERED
    recurrent = np.zeros((hidden, 4 * hidden), np.float32)
    return {start + "kernel": kernel, start + "recurrent": recurrent, start + "bias": bias}


def _counts(vocabulary: Vocabulary, sentences: Sequence[str], direction: str) -> NDArray[np.float64]:
    """(V, V): how often the column follows the row; rows of other words than those of SENTENCES are 0."""
    counts = np.zeros((len(vocabulary), len(vocabulary)))
    for before, after in _pairs(vocabulary, sentences, direction):
        counts[before, after] += 1
    met = counts.any(axis=1)
    able = [*np.flatnonzero(met & (np.arange(len(met)) > EOS)), EOS, UNK]
    counts[np.ix_(met, able)] += SMOOTHING
    counts[UNK, able] = 1
    counts[met | (np.arange(len(met)) == UNK)] += FILLER
    return counts


def _pairs(vocabulary: Vocabulary, sentences: Sequence[str], direction: str) -> Iterator[tuple[int, int]]:
    for sentence in sentences:
        ids = [vocabulary.id(word) for word in sentence.split()]
        read = [START, *(ids if direction == "forward" else reversed(ids)), EOS]
        yield from pairwise(read)


def _description(
    vocabulary: Vocabulary, arrays: Mapping[str, Floats], direction: str, layers: int, corpus: str
) -> ModelDescription:
    width = arrays["embedding.weight"].shape[1]
    return LstmDescription(
        layers, Direction(direction), width, width, len(vocabulary), False, False, "plain", corpus,
        vocabulary.sha256,
    )  # fmt: skip


def _folder(
    places: Places, description: ModelDescription, name: str, framework: str, created_at: float | None
) -> RunFolder:
    now = time.time() if created_at is None else created_at
    params = {
        "model": "lstm" if isinstance(description, LstmDescription) else "transformer",
        "framework": framework, "layers": description.layers, "direction": str(description.direction),
        "corpus": description.corpus,
    }  # fmt: skip
    spec = Spec(store.new_id("lm", now), "lm", params, 1, name, framework, 1, "cpu", now)
    return store.create(places, spec)


def _write_events(folder: RunFolder, step: int, perplexities: Mapping[str, float]) -> None:
    writer = EventWriter(folder.events)
    writer.append("started", attempt=1, total_steps=step)
    if perplexities:
        writer.append("metrics", series={name: [[step], [value]] for name, value in perplexities.items()})
    writer.close()


def _write_state_files(folder: RunFolder, status: Status) -> None:
    now = time.time()
    store.write_keeper(folder, KeeperFacts(1, process_identity.current(), now))
    if not status.is_active:
        cause = Cause(CauseKind.FINISHED, "Training is complete.")
        ended = EventWriter(folder.events)
        ended.append("ended", status=str(status), cause={"kind": str(cause.kind), "text": cause.text})
        ended.close()
        store.write_exit(folder, ExitFacts(1, status, cause, now))

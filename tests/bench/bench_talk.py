"""Inference with a language model beside Keras' `predict`: `python -m tests.bench.bench_talk`.

The same weights (10,000 words, embedding 300, one LSTM layer of 256) and the same sentences of the captions
on both sides; the sums of log-probabilities have to agree. Each side has one thread, then all cores.
Keras scores padded sentences with one call of `predict`; words per second count real words and the end of
each sentence, never padding. On a busy machine use the ratio of CPU seconds. Sentences of random words share
no prefixes: there both sides compute the same product in float32, a third of what Keras takes.

A word at place 20, drawn as in generation, is that of the LSTM and of a transformer of the size of its recipe
(two blocks of 256, four heads), with the captions' 7,324 words and one thread, in turns.

--floor fails the run when a target is missed, with all cores on both sides: one word p50 below 0.6 ms and 100
times Keras, scoring captions 5 times Keras, a model opened within 0.3 s; a word at place 20 of the
transformer p50 at most 1 ms and 2.5 times the LSTM's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from checkpoints import tensors
from engine import store
from engine.client.client import open_session
from engine.data.text import load_corpus
from engine.data.text.vocabulary import Vocabulary
from engine.models.language import load_model, scoring
from engine.models.language.generation import generate
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import Direction, LstmDescription
from engine.models.language.next_word import predict
from engine.places import Places
from engine.sampling import SamplingParams
from engine.session_protocol.language import ModelsRequest, NextWordsRequest
from tests.bench.processor import print_processor
from tests.engine.models.language import samples
from tests.fakes.language_run import write_run

WORDS, WIDTH, HIDDEN = 10_000, 300, 256
SENTENCES, CAPTION_WORDS = 128, 7_324
PREFIX = 7
SCALE = 0.05
ONE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
TWO = {"OPENBLAS_NUM_THREADS": "2", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""as in a session"""
Found = dict[str, float]
Rows = list[list[int]]
RANDOM, MANY, SINGLE = "128 x 20 random words", "1024 captions", "one sentence scored, ms"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--floor", action="store_true", help="fail when a target is missed")
    parser.add_argument("--only", choices=("ours", "keras", "place"), help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


# --- both sides ---------------------------------------------------------------------------------------------


def prepare(places: Places) -> str:
    """The run of the model, and the sentences that are scored."""
    texts = load_corpus.load(places, "captions", WORDS, "plain", lambda *_: None)
    print(f"Words of {len(texts.vocabulary):,} kinds. {texts.notice}".strip())
    made_up = (f"word{number}" for number in range(WORDS - len(texts.vocabulary)))
    vocabulary = Vocabulary((*texts.vocabulary.words, *made_up))
    kind = LstmDescription(
        1, Direction.FORWARD, WIDTH, HIDDEN, WORDS, False, False, "plain", "captions", vocabulary.sha256
    )
    run = write_run(places, model=(kind, samples.arrays(kind, 1, SCALE), vocabulary))
    captions = [texts.test[number].tolist() for number in range(min(1024, len(texts.test)))]
    words = np.random.default_rng(2).integers(4, WORDS, (SENTENCES, 20)).tolist()
    (places.root / "sentences.json").write_text(json.dumps({"captions": captions, "words": words}))
    return run


def rates(score: Callable[[Rows], float], places: Places) -> Found:
    """Real words per second, and the sums of log-probabilities."""
    sentences = json.loads((places.root / "sentences.json").read_text())
    captions = sentences["captions"]
    found: Found = {}
    for what, rows, turns in (
        (RANDOM, sentences["words"], 3),
        ("128 captions", captions[:128], 3),
        (MANY, captions, 1),
    ):
        found[f"sum {what}"] = score(rows)
        began = time.process_time()
        seconds = min(timed(lambda rows=rows: score(rows)) for _ in range(turns))
        found[f"{what}, CPU ms"] = 1000 * (time.process_time() - began) / turns
        found[what] = sum(len(row) + 1 for row in rows) / seconds
    singles = [timed(lambda row=row: score([row])) for row in captions[:20]]
    return found | {SINGLE: 1000 * sorted(singles)[10]}


def _all_cores() -> int:
    return len(os.sched_getaffinity(0))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def quantiles(times: list[float], name: str) -> Found:
    ordered = sorted(1000 * value for value in times)
    return {
        f"{name} p50, ms": ordered[len(ordered) // 2],
        f"{name} p99, ms": ordered[int(len(ordered) * 0.99)],
    }


# --- NumPy --------------------------------------------------------------------------------------------------


def numpy_side(places: Places, run: str, threads: int) -> Found:
    folder = store.folder_of(places, run).path
    opened = timed(lambda: load_model.open_model(folder))
    model, _ = load_model.open_model(folder)
    sentences = json.loads((places.root / "sentences.json").read_text())

    def score(rows: list[list[int]]) -> float:
        scored = scoring.score(model, rows, ranks=False, threads=threads)
        return math.fsum(one.full_logp for one in scored)

    prefixes = [row[:PREFIX] for row in sentences["words"]]
    for prefix in prefixes[:20]:
        predict(model, prefix, 10)
    whole = [timed(lambda prefix=prefix: predict(model, prefix, 10)) for prefix in prefixes * 4]
    return {
        "threads": threads or min(scoring.THREADS, _all_cores()),
        "weights read, ms": 1000 * opened,
        **quantiles(drawn(model), "one word"),
        **quantiles(whole, f"{PREFIX} words, 10 best"),
        **rates(score, places),
    }


def drawn(model: LanguageModel, count: int = 1000) -> list[float]:
    """Seconds for each word of a sentence while it is sampled."""
    times, words = [], generate(model, [4], SamplingParams(length=count + 22), 1)
    for _ in range(20):
        next(words)
    for _ in range(count):
        began = time.perf_counter()
        next(words)
        times.append(time.perf_counter() - began)
    return times


async def first_answer(places: Places, run: str) -> float:
    """Seconds from the start of a session process to its first answer."""
    began = time.perf_counter()
    async with open_session(places) as session:
        await session.ask(NextWordsRequest(run=run, text="a man"))
        return time.perf_counter() - began


async def later_opening(places: Places, run: str) -> float:
    """Seconds to the first answer of another model in a running session."""
    async with open_session(places) as session:
        await session.ask(ModelsRequest())
        began = time.perf_counter()
        await session.ask(NextWordsRequest(run=run, text="a man"))
        return time.perf_counter() - began


# --- the transformer ----------------------------------------------------------------------------------------


def place_20(turns: int = 5, sentences: int = 100) -> Found:
    """Milliseconds for the word at place 20 of a sentence."""
    random, times = np.random.default_rng(3), dict[str, list[float]](lstm=[], transformer=[])
    kinds = {
        "lstm": samples.description(CAPTION_WORDS, embedding=WIDTH, hidden=HIDDEN),
        "transformer": samples.transformer(CAPTION_WORDS, embedding=256, heads=4),
    }
    models = {name: samples.model(kind, 1, SCALE) for name, kind in kinds.items()}
    for _ in range(turns):
        for name, model in models.items():
            for _ in range(sentences):
                words = generate(model, random.integers(4, CAPTION_WORDS, 18), SamplingParams(length=20), 1)
                next(words)
                times[name].append(timed(lambda words=words: next(words)))
    return {name: 1000 * sorted(found)[len(found) // 2] for name, found in times.items()}


def report_place_20(places: Places) -> list[str]:
    """Returns the targets that were missed."""
    found = side("place", places, 1)
    ours, theirs = found["transformer"], found["lstm"]
    print(f"\nA word at place 20, p50: transformer {ours:.3f} ms, LSTM {theirs:.3f} ms", end="")
    print(f", {ours / theirs:.2f} times")
    return ["1 ms a word of the transformer"] * (ours > 1) + ["2.5 times the LSTM's"] * (ours > 2.5 * theirs)


# --- Keras --------------------------------------------------------------------------------------------------


def keras_side(places: Places, run: str, threads: int) -> Found:
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    import keras
    import tensorflow as tf

    if threads:  # else Keras takes all cores by itself
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    model = network(keras, weights(places, run))
    sentences = json.loads((places.root / "sentences.json").read_text())

    def score(rows: list[list[int]]) -> float:
        inputs, targets, real = padded(rows)
        p = np.take_along_axis(model.predict(inputs, batch_size=128, verbose=0), targets[..., None], 2)[
            ..., 0
        ]
        return float(np.log(p[real]).sum(dtype=np.float64))

    prefixes = [np.array([[1, *row[:PREFIX]]], np.int32) for row in sentences["words"]]
    for prefix in prefixes[:3]:
        model.predict(prefix, verbose=0)
    times = [timed(lambda prefix=prefix: model.predict(prefix, verbose=0)) for prefix in prefixes[:25]]
    return {"threads": threads or _all_cores(), **quantiles(times, "one word"), **rates(score, places)}


def weights(places: Places, run: str) -> dict[str, Any]:
    folder = store.folder_of(places, run).checkpoints / "step-00001200"
    return tensors.loads((folder / "model.safetensors").read_bytes())


def network(keras: Any, found: dict[str, Any]) -> Any:
    """The notebook's layers, with a softmax at the end."""
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(*found["embedding.weight"].shape),
            keras.layers.LSTM(HIDDEN, return_sequences=True),
            keras.layers.Dense(len(found["output.bias"]), activation="softmax"),
        ]
    )
    model.layers[0].set_weights([found["embedding.weight"]])
    model.layers[1].set_weights([found[f"lstm.l0.{name}"] for name in ("kernel", "recurrent", "bias")])
    model.layers[2].set_weights([found["output.weight"].T, found["output.bias"]])
    return model


def padded(rows: list[list[int]]) -> tuple[Any, Any, Any]:
    inputs = np.zeros((len(rows), 1 + max(map(len, rows))), np.int32)
    targets = np.zeros_like(inputs)
    for row, words in enumerate(rows):
        inputs[row, : len(words) + 1] = [1, *words]
        targets[row, : len(words) + 1] = [*words, 3]
    return inputs, targets, inputs > 0


# --- together -----------------------------------------------------------------------------------------------


def side(name: str, places: Places, threads: int) -> Found:
    command = [sys.executable, "-m", "tests.bench.bench_talk", "--only", name, "--home", str(places.root)]
    command += ["--threads", str(threads)]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    environ = {**os.environ, **(ONE if threads else TWO if name == "ours" else {})}
    done = subprocess.run(command, **quiet, env=environ, check=True)
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def both(places: Places, threads: int) -> tuple[Found, dict[str, float]]:
    mine, theirs = side("ours", places, threads), side("keras", places, threads)
    print(
        f"\n{'one thread' if threads else f'{os.cpu_count()} cores':32}{'ours':>12}{'Keras':>12}{'times':>8}"
    )
    print(f"{'threads':32}{mine.pop('threads'):12,.0f}{theirs.pop('threads'):12,.0f}")
    speed = {}
    for name, value in mine.items():
        if name.startswith("sum "):
            assert abs(value / theirs[name] - 1) < 1e-4, f"{name}: {value} and {theirs[name]}"
        elif name in theirs:
            speed[name] = theirs[name] / value if "ms" in name else value / theirs[name]
            print(f"{name:32}{value:12,.3f}{theirs[name]:12,.1f}{speed[name]:8.1f}")
        else:
            print(f"{name:32}{value:12,.3f}")
    return mine, speed


def main() -> int:
    asked = arguments()
    if asked.only == "place":
        print(json.dumps(place_20()))
        return 0
    if asked.only:
        places = Places(asked.home)
        run = store.list_ids(places)[0]
        work = numpy_side if asked.only == "ours" else keras_side
        print(json.dumps(work(places, run, asked.threads)))
        return 0
    print_processor()
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "home")
        places.root.mkdir(mode=0o700)
        missed = measure(places)
    print(f"Missed: {', '.join(missed)}." if missed else "Every target is reached.")
    return int(asked.floor and bool(missed))


def measure(places: Places) -> list[str]:
    """Measure both; returns the targets that were missed."""
    run = prepare(places)
    first = 1000 * min(asyncio.run(first_answer(places, run)) for _ in range(3))
    later = 1000 * min(asyncio.run(later_opening(places, run)) for _ in range(3))
    print(f"A new session and its first answer: {first:.0f} ms; a model opened in a session: {later:.0f} ms")
    both(places, 1)
    mine, speed = both(places, 0)
    missed = [name for name, least in (("one word p50, ms", 100), (MANY, 5)) if speed[name] < least]
    missed += report_place_20(places)
    missed += ["0.6 ms a word"] * (mine["one word p50, ms"] >= 0.6)
    return missed + ["0.3 s to open"] * (later >= 300)


if __name__ == "__main__":
    sys.exit(main())

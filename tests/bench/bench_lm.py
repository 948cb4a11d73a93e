"""Words per second of language-model training: `DLTUI_DATA=... python -m tests.bench.bench_lm`, two minutes.

Five trainers train one layer (300, 256) on the captions, in turns, each in a process of its own with the
environment of a worker; only real words are counted, padding never. notebook: Keras's own layers with a mask,
`train_on_batch`, batches sorted by length. textbook: nn.LSTM, nn.Linear, cross_entropy and Adam in float32,
random batches padded to their longest sentence. The other three are the trainers of `lm`. A turn takes every
STRIDE-th batch, so all lengths are in it. Before that, losses in bfloat16 are compared with those in float32.

With `--beside PATH`, another checkout, only the trainers of `lm` run, those of both: a checkout of the commit
before a change, by `git worktree add PATH COMMIT`, shows what the change is worth on this processor.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count, islice
from pathlib import Path
from typing import Any

from engine import recipe_defaults
from engine.keeper.worker_process import PASSIVE
from engine.models.language.model_description import Direction, LstmDescription
from engine.models.language_training.training import LanguageTraining, make_training, timed_product
from engine.models.precision import measure
from tests.bench.processor import print_processor
from tests.bench.worker_environment import worker_environment

STRIDE, LR, EMBEDDING, HIDDEN, VOCABULARY, BATCH = 12, 0.01, 300, 256, 10_000, 128
COMPARED, COMPARED_LR = 16, 0.002
Step = Callable[[Any], object]
SIDES = ("notebook", "textbook", "tensorflow", "torch")
OURS = SIDES[2:]
ROOT = Path(__file__).resolve().parents[2]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--corpus", default="captions")
    parser.add_argument(
        "--recipe", choices=("notebook", "tuned", "plain"), default="notebook",
        help="of the trainers of lm; plain: tuned, nothing dropped",
    )  # fmt: skip
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    parser.add_argument(
        "--beside", type=Path, default=None, help="another checkout, whose lm trains in turns"
    )
    parser.add_argument("--only", choices=SIDES, default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def texts(corpus: str) -> Any:
    from engine.data.text import load_corpus
    from engine.places import Places

    return load_corpus.load(
        Places(Path(os.environ["DLTUI_HOME"])), corpus, VOCABULARY, "plain", lambda words: None
    )


def notebook(words: int) -> Step:
    import keras

    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(words, EMBEDDING, mask_zero=True),
            keras.layers.LSTM(HIDDEN, return_sequences=True),
            keras.layers.Dense(words),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LR), loss)
    return lambda batch: model.train_on_batch(batch.inputs, batch.targets)


def textbook(words: int, device: str = "cpu") -> Step:
    import torch
    from torch import nn

    embedding = nn.Embedding(words, EMBEDDING).to(device)
    lstm = nn.LSTM(EMBEDDING, HIDDEN, batch_first=True).to(device)
    output = nn.Linear(HIDDEN, words).to(device)
    weights = [*embedding.parameters(), *lstm.parameters(), *output.parameters()]
    optimizer = torch.optim.Adam(weights, LR)
    criterion = nn.CrossEntropyLoss(ignore_index=0)

    def step(batch: Any) -> float:
        inputs, targets = (torch.from_numpy(part).to(device).long() for part in (batch.inputs, batch.targets))
        optimizer.zero_grad()
        loss = criterion(output(lstm(embedding(inputs))[0]).reshape(-1, words), targets.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def twin(
    framework: str, words: int, precision: str = "auto", device: str = "cpu", recipe: str = "notebook"
) -> LanguageTraining:
    values = recipe_defaults.language_recipe("notebook" if recipe == "notebook" else "tuned", 1, "lstm")
    kind = LstmDescription(
        1, Direction.FORWARD, EMBEDDING, HIDDEN, words, values.tied, values.tied, "plain", "bench", ""
    )
    options = {
        "dropout": 0.0 if recipe == "plain" else values.dropout,
        "clip": 0.0 if values.clip == "off" else float(values.clip),
    }
    if precision == "auto":
        precision = measure(timed_product(framework, device).run).choice
    return make_training(framework, kind, seed=1, precision=precision, device=device, **options)


def lesson(made: LanguageTraining) -> Step:
    numbers = count(1)
    return lambda batch: made.train_step(batch.inputs, batch.targets, next(numbers), LR)


def blocks(framework: str, words: int, device: str) -> Callable[[list[Any]], None]:
    """As `lesson`, for batches that are trained together as the experiment does it."""
    made, numbers = twin(framework, words, device=device), count(1)

    def train(dealt: list[Any]) -> None:
        for start in range(0, len(dealt), made.together):
            part = dealt[start : start + made.together]
            made.train_steps((one.inputs, one.targets, next(numbers), LR) for one in part)

    return train


def batches(side: str, found: Any) -> list[Any]:
    from engine.data.text import load_corpus

    if side == "notebook":
        return list(load_corpus.sorted_batches(found.train, BATCH, "forward"))[::STRIDE]
    if side == "textbook":
        return list(load_corpus.random_batches(found.train, BATCH, 1, 0, "forward"))[::STRIDE]
    dealt = sorted(
        load_corpus.batches(found.train, BATCH, 1, 0, "forward"), key=lambda batch: batch.inputs.shape[1]
    )
    return dealt[::STRIDE]


def serve(side: str, chosen: argparse.Namespace) -> None:
    """One trainer in a process of its own: one turn for each line on stdin."""
    if side in ("notebook", "tensorflow"):
        from checkpoints import keras_io as framework
    else:
        from checkpoints import torch_io as framework  # type: ignore[no-redef]
    if side == "textbook":
        import torch

        torch.set_num_threads(chosen.threads)
    else:
        framework.strict_mode(chosen.threads, 1)
    found = texts(chosen.corpus)
    words, dealt = len(found.vocabulary), batches(side, found)
    if side in OURS:
        step = lesson(twin(side, words, chosen.precision, recipe=chosen.recipe))
    else:
        step = {"notebook": notebook, "textbook": textbook}[side](words)
    for batch in (dealt[0], dealt[-1], *dealt):
        step(batch)
    is_compared = side in OURS and chosen.beside is None and chosen.precision != "fp32"
    apart = compare(side, words, found) if is_compared else None
    print(json.dumps((found.notice, apart)), flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        for batch in dealt:
            step(batch)
        real = sum(batch.real for batch in dealt)
        rates = real / (time.perf_counter() - wall), real / (time.process_time() - cpu)
        print(json.dumps(rates), flush=True)


def compare(side: str, words: int, found: Any) -> tuple[float, float]:
    """Difference of bfloat16 and float32: the loss of a step from equal weights, and of two separate runs."""
    from engine.data.text import load_corpus

    exact, led, free = (twin(side, words, precision) for precision in ("fp32", "bf16", "bf16"))
    steps, runs = [], []
    dealt = islice(load_corpus.batches(found.train, BATCH, 1, 0, "forward"), COMPARED)
    for step, batch in enumerate(dealt, start=1):
        led.load_weights(exact.weights())
        pair = batch.inputs, batch.targets
        loss = exact.train_step(*pair, step, COMPARED_LR)
        steps.append(abs(led.train_step(*pair, step, 0.0) - loss))
        runs.append(abs(free.train_step(*pair, step, COMPARED_LR) - loss))
    return max(steps), max(runs)


def main() -> None:
    chosen = arguments()
    if chosen.only:
        serve(chosen.only, chosen)
        return
    print_processor()
    checkouts = [(side, ROOT) for side in SIDES]
    if chosen.beside:
        checkouts = [(side, root) for side in OURS for root in (chosen.beside.resolve(), ROOT)]
    running = {one: start(*one, chosen) for one in checkouts}
    results = {one: json.loads(line(process)) for one, process in running.items()}
    print(results["torch", ROOT][0] or f"corpus: {chosen.corpus}", end="")
    print(f", recipe {chosen.recipe}, precision {chosen.precision}, threads: {chosen.threads}")
    rates: dict[tuple[str, Path], list[tuple[float, float]]] = {one: [] for one in running}
    for _ in range(chosen.turns):
        for one, process in running.items():
            rates[one].append(tuple(json.loads(turn_of(process))))
    for process in running.values():
        process.terminate()
        process.wait()
    if chosen.beside:
        report_beside(rates, chosen.beside.resolve())
    else:
        report(
            {side: found for (side, _), found in rates.items()},
            {side: apart for (side, _), (_, apart) in results.items()},
        )


def report_beside(rates: dict[tuple[str, Path], list[tuple[float, float]]], other: Path) -> None:
    """Rates of both checkouts, and how many times the other's a turn's are."""
    for side in OURS:
        for name, root in (("beside", other), ("here", ROOT)):
            wall, cpu = (statistics.median(column) for column in zip(*rates[side, root], strict=True))
            print(f"{side:11} {name:7} {wall:8,.0f} words/s, {cpu:8,.0f} per CPU second")
        turns = zip(rates[side, ROOT], rates[side, other], strict=True)
        times = [[ours / theirs for ours, theirs in zip(*turn, strict=True)] for turn in turns]
        for what, found in zip(("words/s", "words per CPU second"), zip(*times, strict=True), strict=True):
            middle, least, most = statistics.median(found), min(found), max(found)
            print(
                f"{side:11} {middle:.2f} times the {what} of the other ({least:.2f} to {most:.2f} in a turn)"
            )


def report(rates: dict[str, list[tuple[float, float]]], apart: dict[str, tuple[float, float] | None]) -> None:
    middle = {
        side: [statistics.median(column) for column in zip(*found, strict=True)]
        for side, found in rates.items()
    }
    for side, (wall, cpu) in middle.items():
        best = max(rate for rate, _ in rates[side])
        print(f"{side:11} {wall:8,.0f} words/s (best {best:,.0f}), {cpu:8,.0f} per CPU second", end="")
        if side in ("tensorflow", "torch"):
            for other in ("notebook", "textbook"):
                by_wall, by_cpu = wall / middle[other][0], cpu / middle[other][1]
                print(f"; {by_wall:.1f} times the {other} ({by_cpu:.1f} per CPU second)", end="")
            if (found := apart[side]) is not None:
                print(f"; a step's loss within {found[0]:.4f} of float32's", end="")
                print(f", after {COMPARED} steps apart {found[1]:.4f}", end="")
        print()


def start(side: str, checkout: Path, chosen: argparse.Namespace) -> subprocess.Popen[str]:
    """The textbook runs with PyTorch's defaults; the others have the environment of a worker. This file is
    run with the packages of the checkout."""
    command = [sys.executable, "-P", __file__, *sys.argv[1:], "--only", side]
    own = worker_environment(chosen.threads) if side != "textbook" else {**os.environ, **PASSIVE}
    home = {"DLTUI_HOME": os.environ.get("DLTUI_HOME", "/tmp/dltui-bench"), "CUDA_VISIBLE_DEVICES": ""}
    packages = {"PYTHONPATH": str(checkout)}
    with open(os.devnull, "w") as nowhere:
        return subprocess.Popen(
            command, env={**own, **home, **packages}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=None if os.environ.get("BENCH_LOUD") else nowhere, text=True,
        )  # fmt: skip


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def turn_of(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return line(process)


if __name__ == "__main__":
    main()

"""Speed of the experiments on a GPU beside a textbook's loop on the same GPU, in turns in one process."""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from engine.places import Places
from tests.gpu.result import (
    GpuResult,
    GpuSetting,
    Results,
    defaults_of_torch,
    dropped,
    not_done,
    ratio,
    seconds,
)

BATCH = 50
MNIST, TEXT = "mnist", "text"


def prepare(setting: GpuSetting) -> int:
    """The environment of a worker with one thread; returns the number of threads."""
    from checkpoints.torch_io import strict_mode

    os.environ["DLTUI_DATA"] = str(setting.data or "")
    strict_mode(1, 1)
    return 1


def judged(setting: GpuSetting, result: GpuResult) -> GpuResult:
    """Without a GPU a figure says nothing about the bound."""
    from dataclasses import replace

    return result if setting.on_gpu else replace(result, is_met=None)


# --- mnist ---


def mnist(setting: GpuSetting) -> Results:
    """Images per second of double_conv, then of the other networks."""
    from tests.bench import bench_mnist

    threads = prepare(setting)
    bench_mnist.STEPS.update(textbook=setting.size(400, 20), lesson=setting.size(2000, 40))
    with contextlib.redirect_stdout(sys.stderr):
        for model in ("double_conv", "double_conv_dropout", "single_conv", "mlp", "logistic"):
            if model != "double_conv" and not setting.has_seconds(6):
                yield dropped("mnist", f"{model}, batch {BATCH}")
                continue
            with defaults_of_torch():
                book = bench_mnist.textbook(model, setting.device)
                book()
            ours = bench_mnist.lesson(model, threads, setting.folder / model, setting.device)
            pairs = []
            for turn in range(setting.size(3, 1)):
                if turn and not setting.has_seconds(6):
                    break
                with defaults_of_torch():
                    theirs = book()[0]
                pairs.append((BATCH / ours()[0], BATCH / theirs))
            rates = [statistics.median(side) for side in zip(*pairs, strict=True)]
            yield judged(
                setting, ratio("mnist", f"{model}, batch {BATCH}", rates[0], rates[1], "images/s", 20, 50)
            )


# --- mnist_recipe ---


def recipe(setting: GpuSetting) -> Results:
    """From the start of the training, its data on the device, to the last test image scored: the second and
    later runs of one process."""
    prepare(setting)
    if setting.data is None or not (setting.data / MNIST).is_dir():
        yield not_done("recipe", "fast and accurate", "needs MNIST: --data DIR")
        return
    for name, must, aim, accuracy, runs in (("fast", 1, 0.1, 0.99, 6), ("accurate", 60, 8, 0.997, 1)):
        if name == "accurate" and not setting.on_gpu:
            yield not_done("recipe", name, "minutes long without a GPU")
            continue
        if name == "accurate" and not setting.has_seconds(10):
            yield dropped("recipe", name)
            continue
        with contextlib.redirect_stdout(sys.stderr):
            found = [trained(setting, name, seed) for seed in range(1, 1 + (runs if setting.on_gpu else 2))]
        later = found[1:] or found
        took, right = (statistics.median(one[at] for one in later) for at in range(2))
        least = min(one[1] for one in later)
        yield judged(setting, seconds("recipe", f"{name}, {len(later)} runs, median", took, must, aim))
        yield judged(setting, GpuResult(
            "recipe", f"{name}, test images right", f"{right:.2%}, least {least:.2%}", f"{accuracy:.1%}", "",
            right >= accuracy,
        ))  # fmt: skip


def trained(setting: GpuSetting, name: str, seed: int) -> tuple[float, float]:
    """Seconds and test accuracy of a run."""
    import torch

    from engine.experiments import mnist_recipe
    from tests.engine.worker.attempts import curve, make_run, new_run

    folder = new_run(setting.folder, "mnist_recipe", seed=seed, recipe=name)
    run, params = make_run(folder, poll_seconds=0.02, device=setting.device)
    on_device = images_of(setting.folder, setting.device, run)
    torch.manual_seed(seed)
    mnist_recipe.load = lambda run: on_device
    began = time.perf_counter()
    mnist_recipe.train(params, run)  # type: ignore[arg-type]
    if setting.on_gpu:
        torch.cuda.synchronize()
    took = time.perf_counter() - began
    run._event_log.close(run.step, status="done", cause={"kind": "finished", "text": "", "remedy": ""})
    (accuracy,) = curve(folder, "test_accuracy").values()
    return took, float(accuracy)


_LOADED: dict[str, Any] = {}


def images_of(folder: Path, device: str, run: Any) -> Any:
    from engine.experiments import mnist_recipe

    if device not in _LOADED:
        _LOADED[device] = mnist_recipe.load(run)
    return _LOADED[device]


# --- lm ---


def language(setting: GpuSetting) -> Results:
    """Real words per second of a language model, padding never counted."""
    from tests.bench import bench_lm

    prepare(setting)
    if setting.data is None or not (setting.data / TEXT).is_dir():
        yield not_done("lm", "words per second", "needs the captions: --data DIR")
        return
    os.environ["DLTUI_HOME"] = str(setting.folder)
    found = corpus(setting.folder)
    words, dealt = len(found.vocabulary), bench_lm.batches("torch", found)
    dealt = dealt if setting.on_gpu else dealt[::12]
    with contextlib.redirect_stdout(sys.stderr):
        with defaults_of_torch():
            book = one_by_one(bench_lm.textbook(words, setting.device))
        ours = bench_lm.blocks("torch", words, setting.device)
        rates: dict[str, list[float]] = {"textbook": [], "ours": []}
        for turn in range(setting.size(4, 2)):
            if turn > 1 and not setting.has_seconds(5):
                break
            with defaults_of_torch():
                theirs = words_per_second(book, dealt, setting)
            own = words_per_second(ours, dealt, setting)
            if turn:  # the first of each warms up
                rates["textbook"].append(theirs)
                rates["ours"].append(own)
    middle = {side: statistics.median(them) for side, them in rates.items()}
    yield judged(
        setting, ratio("lm", "one layer of 256", middle["ours"], middle["textbook"], "words/s", 2, 4)
    )
    enough = middle["ours"] >= 2e6
    yield judged(setting, GpuResult(
        "lm", "real words a second", f"{middle['ours'] / 1e6:.2f} million", "2 million", "4 million", enough,
    ))  # fmt: skip


@cache
def corpus(root: Path) -> Any:
    from engine.data.text import load_corpus

    return load_corpus.load(Places(root), "captions", 10_000, "plain", lambda words: None)


def one_by_one(step: Any) -> Any:
    """A textbook's loop over batches."""
    return lambda dealt: [step(batch) for batch in dealt]


def words_per_second(train: Any, dealt: list[Any], setting: GpuSetting) -> float:
    import torch

    began = time.perf_counter()
    train(dealt)
    if setting.on_gpu:
        torch.cuda.synchronize()
    return float(sum(batch.real for batch in dealt)) / (time.perf_counter() - began)


# --- xor ---


def xor(setting: GpuSetting) -> Results:
    """Networks times epochs per second, from arrays in memory to arrays in memory, beside the compiled
    trainer on two cores."""
    from engine.models.xor.batch.batch_training import BatchTrainer
    from engine.models.xor.batch.device_trainer import DeviceTrainer
    from tests.bench.bench_lanes import batched

    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(every)[:2])
    compiled = batched((2, False), setting.size(65_536, 4096), BatchTrainer(setting.folder / "cache"), 2)
    compiled(128)
    count = setting.size(65_536, 4096)
    theirs = statistics.median(count * 512 / compiled(512)[0] for _ in range(3))
    os.sched_setaffinity(0, every)
    yield GpuResult("xor", "networks x epochs, 2 cores, compiled", f"{theirs / 1e6:,.1f} million/s")
    for count in (setting.size(1_048_576, 2048), setting.size(131_072, 1024)):
        if not setting.has_seconds(5):
            yield dropped("xor", f"{count:,} networks on the GPU")
            continue
        run = batched((2, False), count, DeviceTrainer(setting.device), 1, setting.size(1024, 32))
        run(setting.size(1024, 32))
        ours = statistics.median(epochs * count / run(epochs)[0] for epochs in [setting.size(2048, 64)] * 3)
        yield judged(setting, ratio("xor", f"{count:,} networks x epochs", ours, theirs, "/s", 50, 200))

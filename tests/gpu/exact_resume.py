"""Bit-exact resume on a GPU: paused at random steps in one process, the bits of an uninterrupted run; and
negative controls, in which something is forgotten and the bits differ."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.protocol import Json
from tests.engine.worker.attempts import ScriptedPipe, new_run, train, weights
from tests.gpu.result import GpuResult, GpuSetting, Results, check, defaults_of_torch, dropped


class PausedFrom(ScriptedPipe):
    """Pauses at the first step from `step` on at which commands are read."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step: int | None = step

    def commands(self) -> list[Json]:
        if self.run is None or self._step is None or self.run.step < self._step:
            return []
        self._step = None
        return [{"word": "pause"}]


SENTENCES = 400


@dataclass(frozen=True, slots=True)
class Resumed:
    """An experiment, and at how many random steps it is paused."""

    title: str
    experiment: str
    given: dict[str, Any]
    steps: int
    pauses: int
    device: str = ""
    """where it trains also on a machine with a GPU; empty: on the GPU"""


def experiments(small: bool, corpus: str) -> tuple[Resumed, ...]:
    many, steps = (2, 12) if small else (20, 600)
    language = {"corpus": corpus, "framework": "torch", "batch": 16, "epochs": 2, "dropout": 0.3,
                "embedding": 32, "hidden_size": 32}  # fmt: skip
    per_epoch = -(-round(SENTENCES * 0.8) // 16)
    return (
        Resumed("mnist double_conv", "mnist", {"model": "double_conv", "iterations": steps}, steps, many),
        Resumed("lm LSTM", "lm", language, 2 * per_epoch, many),
        Resumed("lm transformer", "lm", {**language, "model": "transformer", "framework": "auto"},
                2 * per_epoch, min(many, 3)),
        Resumed("mnist dropout", "mnist", {"model": "double_conv_dropout", "iterations": steps}, steps,
                min(many, 3)),
        Resumed("xor", "xor", {"epochs": 60}, 60, min(many, 3)),
        Resumed("mnist_recipe fast", "mnist_recipe", {"recipe": "fast", "epochs": 1}, 30, min(many, 3)),
        Resumed("mnist_recipe accurate", "mnist_recipe", {"recipe": "accurate", "epochs": 1}, 30,
                min(many, 3)),
        Resumed("xor_batch", "xor_batch", {"axes": "hidden=1..4; lr=0.03,0.1", "epochs": 1000,
                                           "patience": None}, 1000, min(many, 3)),
        Resumed("xor_grid", "xor_grid", {"runs": 2, "epochs": 1000}, 1000, min(many, 3), "cpu"),
        Resumed("leak", "leak", {"steps": 40}, 40, min(many, 3)),
    )  # fmt: skip


def results(setting: GpuSetting) -> Results:
    from checkpoints.torch_io import strict_mode
    from tests.engine.experiments.small_text import captions

    strict_mode(1, 1)
    os.environ["DLTUI_DATA"] = str(setting.folder)  # the corpus below, and the 8x8 digits
    os.environ["DLTUI_OFFLINE"] = "1"
    corpus = captions(setting.folder, SENTENCES)
    for resumed in experiments(not setting.on_gpu, corpus):
        if setting.has_seconds(3):
            with contextlib.redirect_stdout(sys.stderr):
                yield one(setting, resumed)
        else:
            yield dropped("exact", f"{resumed.title}, paused and resumed")
    yield settings()
    for what, measured in (("negative controls", controls), ("what exactness costs", price)):
        if setting.has_seconds(3):
            yield from measured(setting)
        else:
            yield dropped("exact", what)


def settings() -> GpuResult:
    """Those that every worker trains with, as they are in effect."""
    import torch

    cuda = torch.backends.cuda.matmul.allow_tf32
    found = (
        f"CUBLAS_WORKSPACE_CONFIG={os.environ.get('CUBLAS_WORKSPACE_CONFIG')} (for cuBLAS and cuDNN's LSTM), "
        f"deterministic algorithms {torch.are_deterministic_algorithms_enabled()}, cuDNN deterministic "
        f"{torch.backends.cudnn.deterministic}, benchmark {torch.backends.cudnn.benchmark}, TF32 in products "
        f"{cuda}, in cuDNN {torch.backends.cudnn.allow_tf32}"
    )
    is_exact = torch.are_deterministic_algorithms_enabled() and torch.backends.cudnn.deterministic
    return check("exact", "settings", is_exact and not torch.backends.cudnn.benchmark, found)


def one(setting: GpuSetting, asked: Resumed) -> GpuResult:
    """Weights after a pause at each of some random steps and a resume, and those of a run without."""
    drawn = random.Random(asked.title)
    whole = finished(setting, asked, ())
    steps = sorted(drawn.sample(range(1, min(asked.steps, whole[0])), min(asked.pauses, whole[0] - 1)))
    other = finished(setting, asked, (), seed=2) != whole
    tried, wrong = [], []
    for step in drawn.sample(steps, len(steps)):
        if tried and not setting.has_seconds(3):
            break
        tried.append(step)
        if finished(setting, asked, (step,)) != whole:
            wrong.append(step)
    left = len(steps) - len(tried)
    found = f"{len(tried) - len(wrong)} of {len(tried)} equal" + (f" ({left} dropped)" if left else "")
    note = f"asked to pause at {', '.join(map(str, sorted(tried)))}"
    note += f"; other bits after {wrong}" if wrong else ""
    note += "" if other else "; another seed gives the same weights: this proves nothing"
    return check("exact", f"{asked.title}, paused and resumed", not wrong and other, found, note)


def finished(setting: GpuSetting, asked: Resumed, pauses: tuple[int, ...], seed: int = 1) -> tuple[int, str]:
    """Last step and SHA-256 of the weights."""
    folder = new_run(setting.folder, asked.experiment, seed=seed, **asked.given)
    device = asked.device or setting.device
    for number, step in enumerate(pauses, start=1):
        train(folder, PausedFrom(step), number=number, device=device)
    train(folder, number=len(pauses) + 1, device=device)
    return weights(folder)


def controls(setting: GpuSetting) -> Results:
    """Every part of a checkpoint matters: with one forgotten the weights at the end are others."""
    from tests.checkpoints import test_resume as told
    from tests.checkpoints.training import Training, mlp

    def begun() -> Any:
        return Training(told.OPTIMIZERS["adam"], mlp, setting.device)

    folder = setting.folder / "controls"
    (folder / "same").mkdir(parents=True)
    same = succeeds(lambda: told.assert_resumes_everywhere(folder / "same", begun, told.STEPS))
    yield check("exact", f"Adam, resumed after each of {told.STEPS} steps", same)
    blind = []
    for what, forget in told.FORGET.items():
        whole = begun().run(0, 6)
        checkpoint = told.verified(folder / what.replace(" ", "-"), whole.state.capture(6))
        end = whole.run(6, told.STEPS).state.capture(told.STEPS).weights_sha256()
        training = begun()
        training.state.restore(checkpoint)
        forget(training)
        if training.run(6, told.STEPS).state.capture(told.STEPS).weights_sha256() == end:
            blind.append(what)
    kinds = f"{len(told.FORGET) - len(blind)} of {len(told.FORGET)} kinds"
    yield check("exact", "something forgotten changes the end", not blind, kinds, ", ".join(blind))


def succeeds(tried: Any) -> bool:
    try:
        tried()
    except AssertionError:
        return False
    return True


def price(setting: GpuSetting) -> Results:
    """What deterministic algorithms cost: a step of double_conv, and of an LSTM, with and without them."""
    for what, step in (("double_conv", convolutions(setting)), ("LSTM in cuDNN", lstm(setting))):
        count = setting.size(300, 5)
        exact = seconds_of(step, count, setting)
        with defaults_of_torch():
            free = seconds_of(step, count, setting)
        found = f"{1e3 * exact:.2f} ms a step, {exact / free:.2f} times {1e3 * free:.2f}"
        yield GpuResult("exact", f"what exactness costs, {what}", found)


def seconds_of(step: Callable[[], None], count: int, setting: GpuSetting) -> float:
    """Of a step, after some to warm up."""
    import torch

    for number in range(5 + count):
        if number == 5:
            if setting.on_gpu:
                torch.cuda.synchronize()
            began = time.perf_counter()
        step()
    if setting.on_gpu:
        torch.cuda.synchronize()
    return (time.perf_counter() - began) / count


def convolutions(setting: GpuSetting) -> Callable[[], None]:
    import torch

    from engine.experiments.mnist import network

    net = network("double_conv", 28).to(setting.device)
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    x = torch.rand(50, 1, 28, 28, device=setting.device)
    y = torch.arange(50, device=setting.device) % 10

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()

    return step


def lstm(setting: GpuSetting) -> Callable[[], None]:
    import torch

    net = torch.nn.LSTM(300, 256).to(setting.device)
    x = torch.rand(12, 128, 300, device=setting.device)

    def step() -> None:
        net.zero_grad()
        net(x)[0].sum().backward()

    return step

"""Images per second of the MNIST lesson beside the loop of a textbook: `python -m tests.bench.bench_mnist`.

All five networks; same machine, network, batch (50), optimizer and learning rate, in turns. The textbook's
Dataset turns one image at a time into a picture and the picture into a normalised float tensor, step by step
as torchvision's MNIST, ToTensor and Normalize do; a DataLoader stacks them. It runs with PyTorch's defaults
and as many threads as cores; the lesson has the environment of a worker. A ratio is the median of pairs.
PyTorch's threads spin, which makes them slow beside another load; with --sleep they do not, and the ratio is
that of a quiet machine.

With --neighbour the lesson with two threads is measured instead, in turns alone and beside a process that
keeps a core busy: images per processor second.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from engine.keeper.worker_process import MEMORY, PASSIVE
from tests.bench.processor import print_processor

BATCH = 50
MODELS = ("logistic", "mlp", "single_conv", "double_conv", "double_conv_dropout")
STEPS = {"textbook": 40, "lesson": 200}
"""of a turn"""
Turn = Callable[[], tuple[float, float]]
"""seconds and CPU seconds of a step"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=MODELS, choices=MODELS)
    parser.add_argument("--threads", type=int, default=1, help="of the lesson, as its worker has")
    parser.add_argument("--book-threads", type=int, default=0, help="of the textbook's loop; 0: all cores")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--sleep", action="store_true", help="the textbook's threads sleep while they wait")
    parser.add_argument("--neighbour", action="store_true", help="two threads beside a busy process")
    parser.add_argument("--only", choices=tuple(STEPS), default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def textbook(model: str, device: str = "cpu") -> Turn:
    """A course's training loop; `device` is cpu or cuda."""
    import torch
    from PIL import Image
    from torch import Tensor, nn
    from torch.utils.data import DataLoader, Dataset

    from engine.experiments.mnist import network

    images, labels = pixels(), (torch.arange(54_000) % 10).tolist()

    class Mnist(Dataset):
        def __len__(self) -> int:
            return len(images)

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            picture = Image.fromarray(images[index], mode="L")
            image = torch.from_numpy(np.array(picture, np.uint8, copy=True))
            image = image.view(28, 28, 1).permute(2, 0, 1).contiguous()
            image = image.to(torch.float32).div(255).clone()
            mean, std = torch.as_tensor([0.5]), torch.as_tensor([0.5])
            if (std == 0).any():
                raise ValueError("std is zero")
            return image.sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1)), labels[index]

    net = network(model, side=28)
    parts = dict(net.named_children())
    for n in (1, 2):  # a course writes ReLU first, then pooling
        if f"pool{n}" in parts:
            parts[f"pool{n}"], parts[f"relu{n}"] = parts[f"relu{n}"], parts[f"pool{n}"]
    net = nn.Sequential(*parts.values()).to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(Mnist(), batch_size=BATCH, shuffle=True)

    def turn() -> tuple[float, float]:
        batches = iter(loader)
        next(batches)  # the shuffle of an epoch is not timed
        began, running = (time.perf_counter(), time.process_time()), 0.0
        for _ in range(STEPS["textbook"]):
            x, y = (part.to(device) for part in next(batches))
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
        return since(began, STEPS["textbook"])

    return turn


def lesson(model: str, threads: int, root: Path, device: str = "cpu") -> Turn:
    """The experiment's own `train`, with logging and commands as in a worker, without validation."""
    from checkpoints.torch_io import strict_mode
    from engine.data import mnist as source
    from engine.data.labelled_images import Digits
    from engine.experiments import mnist
    from tests.engine.worker.attempts import make_run, new_run

    strict_mode(threads, 1)
    train_labels = np.arange(60_000, dtype=np.uint8) % 10
    digits = Digits(
        "bench", "cache", pixels(60_000), train_labels, pixels(1_000), train_labels[:1_000], "of the bench"
    )
    source.load = lambda places, report: digits  # type: ignore[assignment]
    mnist.evaluate = lambda net, images, chosen=None: (1.0, 0.0)  # type: ignore[assignment]
    mnist.log_filters = mnist.log_weights = lambda net, run: None  # type: ignore[assignment]
    mnist.log_mistakes = lambda images, chosen, run: None  # type: ignore[assignment]
    steps = STEPS["lesson"]

    def turn() -> tuple[float, float]:
        folder = new_run(root, "mnist", model=model, iterations=steps + 10, threads=threads)
        run, params = make_run(folder, poll_seconds=0.02, device=device)
        began: list[tuple[float, float]] = []
        log = run.log

        def logged(step: int, **metrics: float) -> None:
            log(step, **metrics)
            if step in (10, steps + 10) and "loss" in metrics:
                began.append((time.perf_counter(), time.process_time()))

        run.log = logged  # type: ignore[method-assign]
        with contextlib.redirect_stdout(sys.stderr):  # a worker's output goes to its log
            mnist.train(params, run)  # type: ignore[arg-type]
        return tuple((end - start) / steps for start, end in zip(*began, strict=True))  # type: ignore[return-value]

    return turn


def since(began: tuple[float, float], steps: int) -> tuple[float, float]:
    return (time.perf_counter() - began[0]) / steps, (time.process_time() - began[1]) / steps


def pixels(count: int = 54_000) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def serve(side: str, chosen: argparse.Namespace) -> None:
    """One trainer in a process of its own: one turn for each name of a network on stdin."""
    import torch

    ours = 2 if chosen.neighbour else chosen.threads
    threads = ours if side == "lesson" else chosen.book_threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as root:
        turns: dict[str, Turn] = {}
        print("ready", flush=True)
        for model in map(str.strip, sys.stdin):
            if model not in turns:
                turns[model] = textbook(model) if side == "textbook" else lesson(model, threads, Path(root))
                turns[model]()
            print(*turns[model](), flush=True)


@contextlib.contextmanager
def started(side: str, environ: dict[str, str]) -> Iterator[Callable[[str], tuple[float, float]]]:
    command = [sys.executable, "-m", "tests.bench.bench_mnist", *sys.argv[1:], "--only", side]
    clean = {name: value for name, value in os.environ.items() if name not in {**PASSIVE, **MEMORY}}
    with subprocess.Popen(
        command, env=clean | environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()

        def turn(model: str) -> tuple[float, float]:
            print(model, file=process.stdin, flush=True)
            seconds, cpu = process.stdout.readline().split()  # type: ignore[union-attr]
            return float(seconds), float(cpu)

        yield turn
        process.stdin.close()


def main() -> None:
    chosen = arguments()
    if chosen.only:
        serve(chosen.only, chosen)
        return
    print_processor()
    if chosen.neighbour:
        beside_neighbour(chosen)
        return
    with (
        started("textbook", PASSIVE if chosen.sleep else {}) as book,
        started("lesson", PASSIVE | MEMORY) as ours,
    ):
        print(f"{'':20} {'textbook':>9} {'lesson':>9} images/s     times (least, most)   CPU ms a step")
        for model in chosen.models:
            report(model, [(book(model), ours(model)) for _ in range(chosen.pairs)])


def beside_neighbour(chosen: argparse.Namespace) -> None:
    print(f"{'':20} {'alone':>9} {'beside':>9} images/processor second  share (least, most)")
    with started("lesson", PASSIVE | MEMORY) as turn:
        for model in chosen.models:
            turn(model)
            pairs = []
            for _ in range(chosen.pairs):
                alone = BATCH / turn(model)[1]
                with busy():
                    pairs.append((alone, BATCH / turn(model)[1]))
            shares = [beside / alone for alone, beside in pairs]
            rates = " ".join(f"{statistics.median(side):9,.0f}" for side in zip(*pairs, strict=True))
            share = f"{statistics.median(shares):.2f} ({min(shares):.2f}, {max(shares):.2f})"
            print(f"{model:20} {rates}{'':25}{share}", flush=True)


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """A process that keeps one core busy."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def report(model: str, pairs: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    ratios = [theirs[0] / our[0] for theirs, our in pairs]
    theirs, our = (
        [statistics.median(pair[side][kind] for pair in pairs) for kind in range(2)] for side in range(2)
    )
    rates = f"{BATCH / theirs[0]:9,.0f} {BATCH / our[0]:9,.0f}"
    times = f"{statistics.median(ratios):5.1f} ({min(ratios):.1f}, {max(ratios):.1f})"
    print(
        f"{model:20} {rates}              {times:20} {1e3 * theirs[1]:8.2f} {1e3 * our[1]:6.2f}", flush=True
    )


if __name__ == "__main__":
    main()

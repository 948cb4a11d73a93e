"""Images per second of the MNIST lesson beside the loop of a textbook: `python -m tests.bench.bench_mnist`.

Same machine, network, batch (50), optimizer and learning rate, in turns. The textbook's Dataset turns one
image at a time into a picture and the picture into a normalised float tensor, step by step as torchvision's
MNIST, ToTensor and Normalize do; a DataLoader stacks them. It runs as PyTorch comes, and once more with
OpenMP threads that sleep while they wait; the lesson has the environment of a worker.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from engine.keeper.environment import MEMORY, PASSIVE

BATCH = 50


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="double_conv")
    parser.add_argument("--threads", type=int, default=1, help="of the lesson, as its worker has")
    parser.add_argument("--book-threads", type=int, default=0, help="of the textbook's loop; 0: all cores")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--only", choices=("lesson", "textbook"), default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def textbook(model: str, steps: int) -> Callable[[], float]:
    """A course's training loop; one call is `steps` steps and returns images per second."""
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
    if model.startswith("double_conv"):  # the order in which a course writes its layers
        parts = dict(net.named_children())
        order = ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "flat", "hidden", "relu", "output"]
        net = nn.Sequential(*(parts[name] for name in order))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(Mnist(), batch_size=BATCH, shuffle=True)

    def turn() -> float:
        began, running = time.perf_counter(), 0.0
        for done, (x, y) in enumerate(loader, start=1):
            optimizer.zero_grad()
            loss = criterion(net(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
            if done == steps:
                break
        return steps * BATCH / (time.perf_counter() - began)

    return turn


def lesson(model: str, steps: int, threads: int) -> Callable[[], float]:
    """The experiment's own `train`, with logging and words as in a worker; validation left out."""
    import tempfile
    from pathlib import Path

    from checkpoints.torch_io import strict_mode
    from engine.data import mnist as source
    from engine.data.digits import Digits
    from engine.experiments import mnist
    from tests.engine.worker.lab import make_run, new_run

    strict_mode(threads, 1)
    train_labels = np.arange(60_000, dtype=np.uint8) % 10
    digits = Digits(
        "bench", "cache", pixels(60_000), train_labels, pixels(1_000), train_labels[:1_000], "of the bench"
    )
    source.load = lambda places, report: digits  # type: ignore[assignment]
    mnist.look_at = lambda net, images: (1.0, 0.0)  # type: ignore[assignment]
    mnist.show_filters = lambda net, run: None  # type: ignore[assignment]
    root = Path(tempfile.mkdtemp())

    def turn() -> float:
        folder = new_run(root, "mnist", model=model, iterations=steps, threads=threads)
        run, params = make_run(folder, look=0.02)
        began: list[float] = []
        restore = run.restore

        def restored(state: object) -> int:
            began.append(time.perf_counter())
            return restore(state)  # type: ignore[arg-type]

        run.restore = restored  # type: ignore[method-assign, assignment]
        with contextlib.redirect_stdout(sys.stderr):  # what a worker prints goes to its log
            mnist.train(params, run)  # type: ignore[arg-type]
        return steps * BATCH / (time.perf_counter() - began[0])

    return turn


def pixels(count: int = 54_000) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def serve(side: str, chosen: argparse.Namespace) -> None:
    """One side in a process of its own: a turn for each line that comes in."""
    import torch

    threads = chosen.threads if side == "lesson" else chosen.book_threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    turn = (
        lesson(chosen.model, chosen.steps, threads)
        if side == "lesson"
        else textbook(chosen.model, chosen.steps)
    )
    turn()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(turn(), flush=True)


SIDES = {
    "textbook": ("textbook", {}),
    "textbook, threads that sleep": ("textbook", PASSIVE),
    "lesson": ("lesson", {**PASSIVE, **MEMORY}),
}
"""who, and in what environment: PyTorch's own, ours on the same loop, and that of a worker"""


def main() -> None:
    chosen = arguments()
    if chosen.only:
        serve(chosen.only, chosen)
        return
    running = {name: start(side, environ) for name, (side, environ) in SIDES.items()}
    rates: dict[str, list[float]] = {name: [] for name in SIDES}
    for _ in range(chosen.turns):
        for name, process in running.items():
            rates[name].append(turn_of(process))
    for process in running.values():
        process.terminate()
        process.wait()
    ours = statistics.median(rates["lesson"])
    for name, found in rates.items():
        middle = statistics.median(found)
        print(
            f"{name:28} {middle:9,.0f} images/s   (best {max(found):,.0f}, worst {min(found):,.0f}); "
            f"the lesson does {ours / middle:.2f} times that"
        )


def start(side: str, environ: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.bench_mnist", *sys.argv[1:], "--only", side]
    clean = {name: value for name, value in os.environ.items() if name not in {**PASSIVE, **MEMORY}}
    process = subprocess.Popen(
        command, env=clean | environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def turn_of(process: subprocess.Popen[str]) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return float(process.stdout.readline())


if __name__ == "__main__":
    main()

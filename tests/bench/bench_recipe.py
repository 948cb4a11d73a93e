"""Seconds to 99 % on MNIST: recipe=fast beside a textbook's program; `python -m tests.bench.bench_recipe`.

The textbook is the example that PyTorch users start from: two 3x3 convolutions (32, 64), a layer of 128,
dropout, Adadelta with a rate that falls by 0.7 an epoch, batch 64, a DataLoader that turns one image at a
time into a tensor. It reaches 99 % after three to five epochs. Here a part of an epoch is timed, and its
time to 99 % is taken as THREE epochs, the least it needs; --full trains it until it is reached instead, and
the recipe with ten seeds. The recipe is the lesson itself, with logging and commands as in a worker: from its
first update to its last, without test images before. The two take turns; both have their images in memory
when the clock starts, the same number of threads, and threads that sleep while they wait. With --sleep no the
threads of the textbook spin, PyTorch's default, which is slow beside another load.
On a busy machine use --threads 1. With --neighbour the recipe is measured instead, in turns alone and beside
a run of `double_conv` that trains: images per processor second, at least two thirds of those alone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.keeper.worker_process import MEMORY, PASSIVE
from tests.bench.processor import print_processor

BATCH, PART = 64, 40
"""of the textbook: images in a batch, batches of a turn"""
EPOCHS_TO_GOAL, MOST_EPOCHS = 3, 8
GOAL = 0.99
Turn = Callable[[int], dict[str, float]]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--recipe", default="fast", choices=("fast", "accurate"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of either side")
    parser.add_argument(
        "--sleep", default="yes", choices=("yes", "no"), help="the textbook's threads, waiting"
    )
    parser.add_argument("--neighbour", action="store_true", help="the recipe beside a second run")
    parser.add_argument("--full", action="store_true", help="ten seeds; the textbook is trained to the goal")
    parser.add_argument(
        "--only", choices=("textbook", "recipe", "neighbour"), default=None, help=argparse.SUPPRESS
    )
    return parser.parse_args()


def textbook(full: bool, root: Path) -> Turn:
    """Seconds of an epoch; with `full` of as many as 99 % takes."""
    import torch
    import torch.nn.functional as F
    from torch import Tensor, nn
    from torch.optim.lr_scheduler import StepLR
    from torch.utils.data import DataLoader, Dataset

    digits = real_digits(root)

    class Mnist(Dataset[tuple[Tensor, int]]):
        def __len__(self) -> int:
            return len(digits.train_labels)

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            image = torch.from_numpy(digits.train_images[index].copy())[None]
            image = image.to(torch.float32).div(255)
            return image.sub_(0.1307).div_(0.3081), int(digits.train_labels[index])

    def accuracy(net: nn.Module) -> float:
        net.eval()
        pixels = torch.from_numpy(digits.test_images)[:, None].float().div(255).sub(0.1307).div(0.3081)
        with torch.no_grad():
            found = torch.cat([net(part).argmax(1) for part in pixels.split(1000)])
        net.train()
        return float((found.numpy() == digits.test_labels).mean())

    def turn(seed: int) -> dict[str, float]:
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5),
            nn.Linear(128, 10),
        )  # fmt: skip
        optimizer = torch.optim.Adadelta(net.parameters(), lr=1.0)
        schedule = StepLR(optimizer, step_size=1, gamma=0.7)
        loader = DataLoader(Mnist(), batch_size=BATCH, shuffle=True)
        if not full:
            batches = iter(loader)
            learn(net, optimizer, [next(batches)])  # the shuffle of an epoch is not timed
            watch = Watch()
            learn(net, optimizer, (next(batches) for _ in range(PART)))
            times = EPOCHS_TO_GOAL * len(loader) / PART
            return {"seconds": watch.seconds * times, "cpu": watch.cpu * times}
        seconds = cpu = found = 0.0
        epoch = 0
        while found < GOAL and epoch < MOST_EPOCHS:
            epoch += 1
            watch = Watch()
            learn(net, optimizer, loader)
            schedule.step()
            seconds, cpu = seconds + watch.seconds, cpu + watch.cpu
            found = accuracy(net)
        return {"seconds": seconds, "cpu": cpu, "accuracy": found, "epochs": epoch}

    def learn(net: nn.Module, optimizer: Any, batches: Any) -> None:
        for x, y in batches:
            optimizer.zero_grad()
            loss = F.nll_loss(F.log_softmax(net(x), dim=1), y)
            loss.backward()
            optimizer.step()

    return turn


def recipe(chosen: argparse.Namespace, root: Path) -> Turn:
    """The experiment's own `train`, timed without loading and without the test at the end."""
    from checkpoints.torch_io import strict_mode
    from engine import recipe_defaults
    from engine.experiments import mnist_recipe
    from tests.engine.worker.attempts import curve, make_run, new_run

    real_digits(root)
    os.environ["DLTUI_CHECKPOINT_SECONDS"] = "10"

    def turn(seed: int) -> dict[str, float]:
        strict_mode(chosen.threads, seed)
        folder = new_run(root, "mnist_recipe", seed=seed, threads=chosen.threads, recipe=chosen.recipe)
        run, params = make_run(folder, poll_seconds=0.02)
        watches: list[Watch] = []
        ended: list[tuple[float, float]] = []
        restore, log = run.restore, run.log

        def restored(state: Any) -> int:
            done = restore(state)
            watches.append(Watch())
            return done

        def logged(step: int, **metrics: float) -> None:
            log(step, **metrics)
            if step == run._total and "loss" in metrics:
                ended.append((watches[0].seconds, watches[0].cpu))

        run.restore, run.log = restored, logged  # type: ignore[method-assign]
        with contextlib.redirect_stdout(sys.stderr):  # a worker's output goes to its log
            mnist_recipe.train(params, run)  # type: ignore[arg-type]
        run._event_log.close(run.step, status="done", cause={"kind": "finished", "text": "", "remedy": ""})
        ((seconds, cpu),) = ended
        recipe = mnist_recipe.RECIPES[chosen.recipe]
        epochs = recipe_defaults.MNIST[chosen.recipe].epochs
        plan = mnist_recipe.batches(recipe, 54_000, epochs)
        images = sum(batch.stop - batch.start for batch in plan)
        (accuracy,) = curve(folder, "test_accuracy").values()
        return {
            "seconds": seconds,
            "cpu": cpu,
            "accuracy": float(accuracy),
            "rate": images / seconds,
            "cpu_rate": images / cpu,
        }

    return turn


class Watch:
    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began[0]

    @property
    def cpu(self) -> float:
        return time.process_time() - self._began[1]


def real_digits(root: Path) -> Any:
    from engine.data import mnist
    from engine.places import Places

    digits = mnist.load(Places(root), report=lambda text: print(text, file=sys.stderr))
    if digits.notice:
        sys.exit("This bench needs MNIST itself: set DLTUI_DATA to a folder that has it.")
    return digits


def serve(chosen: argparse.Namespace) -> None:
    """One trainer in a process of its own: one turn for each seed on stdin."""
    import torch

    torch.set_num_threads(chosen.threads)
    if chosen.only == "neighbour":
        train_for_ever()
    with tempfile.TemporaryDirectory() as root:
        turn = textbook(chosen.full, Path(root)) if chosen.only == "textbook" else recipe(chosen, Path(root))
        print("ready", flush=True)
        for seed in map(int, sys.stdin):
            print(json.dumps(turn(seed)), flush=True)


@contextlib.contextmanager
def started(side: str, environ: dict[str, str]) -> Iterator[Turn]:
    command = [sys.executable, "-m", "tests.bench.bench_recipe", *sys.argv[1:], "--only", side]
    clean = {name: value for name, value in os.environ.items() if name not in {**PASSIVE, **MEMORY}}
    with subprocess.Popen(
        command, env=clean | environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            sys.exit(f"The {side} could not begin.")

        def turn(seed: int) -> dict[str, float]:
            print(seed, file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())  # type: ignore[union-attr,no-any-return]

        yield turn
        process.stdin.close()


def train_for_ever() -> None:
    """`double_conv` as the lesson trains it, with images of noise, until the process is ended."""
    import torch

    from engine.experiments.mnist import network
    from engine.models.mnist_compiled_training import offer

    net = network("double_conv", 28)
    optimizer = torch.optim.Adam(net.parameters(), fused=True)
    pixels, labels = torch.rand(2000, 1, 28, 28) * 2 - 1, torch.arange(2000) % 10
    cache = Path(tempfile.gettempdir()) / "dltui-bench-neighbour"
    made = offer(net, 28, 50, cache, lambda text: None)
    if made is None:
        sys.exit("The neighbour cannot train.")
    update = made.begin(net, optimizer, pixels, labels, 1)
    update(torch.arange(50))
    print("ready", flush=True)
    while True:
        update(torch.randint(2000, (50,)))


@contextlib.contextmanager
def neighbour() -> Iterator[None]:
    command = [sys.executable, "-m", "tests.bench.bench_recipe", "--threads", "1", "--only", "neighbour"]
    with subprocess.Popen(
        command, env=os.environ | PASSIVE | MEMORY, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            sys.exit("The neighbour could not begin.")
        try:
            yield
        finally:
            process.kill()


def beside_neighbour(chosen: argparse.Namespace) -> None:
    shares = []
    with started("recipe", PASSIVE | MEMORY) as turn:
        for seed in range(1, chosen.seeds + 1):
            alone = turn(seed)["cpu_rate"]
            with neighbour():
                beside = turn(seed)["cpu_rate"]
            shares.append(beside / alone)
            print(f"seed {seed}: alone {alone:,.0f}, beside {beside:,.0f} images per processor second, "
                  f"share {shares[-1]:.2f}", flush=True)  # fmt: skip
    print(f"share: median {statistics.median(shares):.2f}, least {min(shares):.2f} (0.67)")


def main() -> None:
    chosen = arguments()
    if chosen.only:
        serve(chosen)
        return
    print_processor()
    if chosen.neighbour:
        beside_neighbour(chosen)
        return
    book_environ = PASSIVE if chosen.sleep == "yes" else {}
    reckoned = "trained" if chosen.full else f"{PART} batches timed, {EPOCHS_TO_GOAL} epochs reckoned"
    print(
        f"{chosen.threads} threads; textbook: {reckoned}; recipe: {chosen.recipe}, test accuracy of its end"
    )
    with started("textbook", book_environ) as book, started("recipe", PASSIVE | MEMORY) as ours:
        pairs = []
        for seed in range(1, (10 if chosen.full else chosen.seeds) + 1):
            pairs.append((book(seed), ours(seed)))
            print(line(seed, *pairs[-1]), flush=True)
    summary(pairs)


def line(seed: int, book: dict[str, float], ours: dict[str, float]) -> str:
    theirs = f"textbook {book['seconds']:7.1f} s ({book['cpu']:6.1f} CPU s)"
    if "accuracy" in book:
        theirs += f" {book['accuracy']:.2%} after {book['epochs']:.0f} epochs"
    mine = f"recipe {ours['seconds']:6.2f} s ({ours['cpu']:5.2f} CPU s) {ours['rate']:7,.0f} images/s"
    times = f"{book['seconds'] / ours['seconds']:5.1f} times, CPU {book['cpu'] / ours['cpu']:5.1f}"
    return f"seed {seed:2}: {theirs}; {mine} {ours['accuracy']:.2%}; {times}"


def summary(pairs: list[tuple[dict[str, float], dict[str, float]]]) -> None:
    found = [ours["accuracy"] for _, ours in pairs]
    spread = statistics.stdev(found) if len(found) > 1 else 0.0
    for kind, name in (("seconds", "wall"), ("cpu", "CPU")):
        ratios = [book[kind] / ours[kind] for book, ours in pairs]
        middle = statistics.median(ours[kind] for _, ours in pairs)
        print(f"{name}: median {middle:.2f} s, {statistics.median(ratios):.1f} times as fast "
              f"({min(ratios):.1f} to {max(ratios):.1f})")  # fmt: skip
    print(f"test accuracy: mean {statistics.mean(found):.3%}, standard deviation {spread:.3%}, "
          f"least {min(found):.2%}, {len(found)} seeds")  # fmt: skip


if __name__ == "__main__":
    main()

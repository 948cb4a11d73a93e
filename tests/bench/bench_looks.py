"""Inference with MNIST networks: 10,000 images, and a drawn stroke over a session, beside PyTorch.

python -m tests.bench.bench_looks
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.processor import print_processor

THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
MODELS = ("logistic", "mlp", "single_conv", "double_conv")
MOST_SECONDS = 1.0
"""of 10,000 images of double_conv on one core"""
MOST_STROKE = 5.0
"""milliseconds from the stroke to ten probabilities and every map"""


def main() -> int:
    print_processor()
    if any(os.environ.get(name) != value for name, value in THREADS.items()):
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.bench.bench_looks"], {**os.environ, **THREADS}
        )
    seconds = [compare(model) for model in MODELS][-1]
    stroke = asyncio.run(strokes())
    print(f"a stroke over the wire, double_conv with every map: {stroke:.1f} ms (at most {MOST_STROKE:g})")
    return int(seconds > MOST_SECONDS or stroke > MOST_STROKE)


def compare(model: str) -> float:
    """Seconds of 10,000 images in NumPy and in PyTorch; the best of three, CPU time of one core."""
    import numpy as np
    import torch

    from engine.experiments.mnist import network
    from engine.models.images import architecture
    from engine.models.images.architecture_from_torch import architecture_of, arrays_of

    torch.set_num_threads(1)
    net = network(model, 28).eval()
    ours = architecture.build(arrays_of(net), architecture_of(net, 28))
    images = np.random.default_rng(0).integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
    pixels = torch.from_numpy(images).float().div_(127.5).sub_(1).unsqueeze(1)

    def theirs() -> np.ndarray:
        with torch.no_grad():
            return torch.cat([net(part) for part in pixels.split(1000)]).numpy()

    difference = float(np.abs(ours.logits(images) - theirs()).max())
    mine, other = best(lambda: ours.logits(images)), best(theirs)
    print(f"{model:12} 10,000 images: {mine:.2f} s, PyTorch {other:.2f} s; logits differ by {difference:.0e}")
    return mine


def best(action: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


async def strokes() -> float:
    """Median milliseconds of a hundred predictions of a growing stroke by a session process."""
    from engine.client.client import open_session
    from engine.places import Places
    from engine.session_protocol.mnist import PredictRequest
    from tests.engine.session.digit_runs import convolutions, plant

    with tempfile.TemporaryDirectory() as folder:
        run = plant(Path(folder), {10: convolutions(side=28)}, model="double_conv")
        drawn = [[0] * 28 for _ in range(28)]
        times = []
        async with open_session(Places(Path(folder))) as session:
            for stroke in range(101):
                drawn[4 + stroke // 6][8 + stroke % 6] = 255
                start = time.perf_counter()
                await session.ask(PredictRequest(run.id, drawn), newest="stroke")
                times.append(time.perf_counter() - start)
    return sorted(times[1:])[50] * 1e3


if __name__ == "__main__":
    sys.exit(main())

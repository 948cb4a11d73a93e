"""`python -m tests.engine.experiments.two_threads ROOT FRAMEWORK CORPUS`: a language model with two threads.

Once whole and once paused twice; prints the weights and losses of both. A process of its own: TensorFlow
takes its number of threads once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engine.store import RunFolder
from tests.engine.worker.attempts import ScriptedPipe, curve, new_run, train, weights

GIVEN: dict[str, Any] = {
    "embedding": 64, "hidden_size": 64, "batch": 32, "epochs": 2, "dropout": 0.4, "clip": 0.5,
    "recipe": "tuned",
}  # fmt: skip
PAUSES = 2, 3  # of four updates


def main(root: Path, framework: str, corpus: str) -> None:
    whole, parts = (
        new_run(root, "lm", threads=2, framework=framework, corpus=corpus, **GIVEN) for _ in range(2)
    )
    train(whole)
    for number, step in enumerate(PAUSES, start=1):
        train(parts, ScriptedPipe({step: {"word": "pause"}}), number=number)
    train(parts, number=len(PAUSES) + 1)
    print(json.dumps([threads(framework), *(outcome(folder) for folder in (whole, parts))]))


def threads(framework: str) -> int:
    """As many as the framework says it has."""
    if framework == "torch":
        import torch

        return torch.get_num_threads()
    import tensorflow as tf

    return int(tf.config.threading.get_intra_op_parallelism_threads())


def outcome(folder: RunFolder) -> list[Any]:
    return [*weights(folder), sorted(curve(folder, "loss").items()), curve(folder, "test_perplexity")]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])

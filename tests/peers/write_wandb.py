"""What W&B writes offline: one run with all that is read of it, and one that never ended.

Names of the host, the user and paths are set or turned off in its settings; its own logs are not kept.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import shutil
import time
from pathlib import Path
from typing import Any

from tests.peers.stored_logs import HOST, store

_CONFIG = {"lr": 0.1, "optimizer": {"name": "adam", "betas": [0.9, 0.99]}, "layers": 2, "seed": None}


def write(folder: Path) -> None:
    for write_run in (_whole_run, _unfinished_run):
        process = multiprocessing.get_context("fork").Process(target=write_run)
        process.start()
        process.join()
    for name in ("debug.log", "debug-internal.log", "latest-run"):
        (folder / "wandb" / name).unlink(missing_ok=True)
    for path in (*folder.glob("wandb/*/logs"), *folder.glob("wandb/*/tmp")):
        shutil.rmtree(path)


def _begin(run: str, **facts: Any) -> Any:
    os.environ["WANDB_MODE"] = "offline"
    import wandb

    settings = wandb.Settings(
        host=HOST, username="user", email="", program="train.py", x_executable="python", silent=True,
        disable_git=True, disable_code=True, x_disable_meta=True, x_save_requirements=False,
        x_stats_sampling_interval=0.2,
    )  # fmt: skip
    return wandb.init(project="digits", id=run, settings=settings, **facts)


def _whole_run() -> None:
    run = _begin("whole123", name="two dogs", tags=["base", "small"], notes="a note", config=_CONFIG)
    import numpy as np
    import wandb

    for step in range(90):
        values: dict[str, Any] = {
            "loss": 1 / (step + 1),
            "train": {"accuracy": 1 - 0.9**step},
            "flag": step > 3,
        }
        if step % 10 == 9:
            values |= {"val/loss": 2 / (step + 1), "epoch": step // 10}
        run.log(values)
        print("step", step, flush=True)
    run.log({"bad": math.nan, "text": "two dogs"}, step=100)
    run.log({"bad": math.inf}, step=101)
    run.log({"bad": -math.inf}, step=110)
    run.log({"digits": wandb.Image(np.zeros((8, 6), np.uint8), caption="zeros")}, step=111)
    run.log({"weights": wandb.Histogram(np.arange(100.0), num_bins=8)}, step=112)
    run.config.update({"added_later": "yes"})
    run.summary["best"] = 0.025
    time.sleep(1)  # of system metrics
    run.finish()


def _unfinished_run() -> None:
    run = _begin("torn1234", name="torn", config={"lr": 0.2})
    for step in range(30):
        run.log({"loss": 2 / (step + 1)})
    run.finish()
    (path,) = Path("wandb").glob("offline-run-*-torn1234/run-*.wandb")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


if __name__ == "__main__":
    store("wandb", write)

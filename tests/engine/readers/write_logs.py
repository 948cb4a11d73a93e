"""Writes the logs in `logs/` with the libraries installed: python -m tests.engine.readers.write_logs.

Each folder has the version of its library in its name; logs of earlier versions are kept.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

LOGS = Path(__file__).parent / "logs"


def tensorboard_x(folder: Path) -> None:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder))
    for step in range(0, 300, 3):
        writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalar("val/accuracy", 1 - 0.9 ** (step + 1), step)
    writer.add_scalar("nan", float("nan"), 1)
    writer.add_scalar("nan", float("-inf"), 2)
    _add_media(writer)
    writer.close()


def pytorch(folder: Path) -> None:
    import torch
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(folder))
    for step in range(100):
        writer.add_scalar("Loss/train", 1 / (step + 1), step)
        writer.add_scalar("new/half", torch.tensor(step / 7, dtype=torch.float16), step, new_style=True)
        writer.add_scalar("new/double", step / 7, step, new_style=True, double_precision=True)
    _add_media(writer)
    writer.add_hparams(
        {"lr": 0.1, "batch": 32, "name": "adam", "nesterov": True}, {"hparam/loss": 0.25}, run_name="hp"
    )
    writer.close()


def _add_media(writer: object) -> None:
    import numpy as np

    image = np.linspace(0, 255, 8 * 6 * 3).reshape(3, 8, 6).astype(np.uint8)
    writer.add_image("digits", image, 4)  # type: ignore[attr-defined]
    writer.add_text("words", "two dogs *play*", 5)  # type: ignore[attr-defined]
    writer.add_histogram("weights", np.arange(100.0), 6)  # type: ignore[attr-defined]


def tensorflow(folder: Path) -> None:
    import tensorflow as tf
    from tensorboard.plugins.hparams import api as hp

    with tf.summary.create_file_writer(str(folder)).as_default():
        hp.hparams({"lr": 0.01, "units": 16, "activation": "relu"})
        for step in range(50):
            tf.summary.scalar("loss", 1 / (step + 1), step)
            tf.summary.scalar("half", tf.constant(step / 3, tf.float16), step)
            tf.summary.scalar("double", tf.constant(step / 3, tf.float64), step)
            tf.summary.scalar("whole", tf.constant(step, tf.int64), step)
        tf.summary.image("digits", tf.zeros((2, 8, 6, 1)), 4)
        tf.summary.text("words", "two dogs *play*", 5)
        tf.summary.histogram("weights", tf.range(100.0), 6)


def keras(folder: Path) -> None:
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    inputs, targets = np.random.rand(64, 4), np.random.rand(64, 1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    callbacks = [
        keras.callbacks.TensorBoard(str(folder), histogram_freq=1, update_freq=2),
        keras.callbacks.CSVLogger(str(folder / "training.csv")),
    ]
    folder.mkdir()
    model.fit(inputs, targets, epochs=5, batch_size=16, validation_split=0.25, verbose=0, callbacks=callbacks)


def lightning(folder: Path) -> None:
    from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

    for logger in (CSVLogger(folder, name="csv"), TensorBoardLogger(folder, name="tensorboard")):
        logger.log_hyperparams({"lr": 0.1, "layers": 2, "optimizer": "adam"})
        for step in range(0, 100, 10):
            logger.log_metrics({"train_loss": 1 / (step + 1), "epoch": step // 50}, step)
            if step % 50 == 40:
                logger.log_metrics({"val_loss": 2 / (step + 1), "epoch": step // 50}, step)
        logger.save()
        logger.finalize("success")


def main() -> None:
    random.seed(1)
    writers: dict[str, tuple[str, Callable[[Path], None]]] = {
        "tensorboardX": ("tensorboardX", tensorboard_x),
        "torch": ("torch", pytorch),
        "tensorflow": ("tensorflow", tensorflow),
        "keras": ("keras", keras),
        "lightning": ("lightning", lightning),
    }
    for name, (module, write) in writers.items():
        try:
            version = __import__(module).__version__
        except ImportError:
            print(f"{name} is not installed")
            continue
        folder = LOGS / f"{name}-{version}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(exist_ok=True)
        write(folder)
        print(folder.name, sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()), "bytes")


if __name__ == "__main__":
    main()

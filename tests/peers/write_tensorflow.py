"""What tf.summary writes."""

from __future__ import annotations

from pathlib import Path

from tests.peers.stored_logs import store


def write(folder: Path) -> None:
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


if __name__ == "__main__":
    store("tensorflow", write)

"""What Keras's callbacks TensorBoard and CSVLogger write."""

from __future__ import annotations

from pathlib import Path

from tests.peers.stored_logs import SEED, store


def write(folder: Path) -> None:
    import keras
    import numpy as np

    keras.utils.set_random_seed(SEED)
    inputs, targets = np.random.rand(64, 4), np.random.rand(64, 1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    callbacks = [
        keras.callbacks.TensorBoard(str(folder), histogram_freq=1, update_freq=2),
        keras.callbacks.CSVLogger(str(folder / "training.csv")),
    ]
    model.fit(inputs, targets, epochs=5, batch_size=16, validation_split=0.25, verbose=0, callbacks=callbacks)


if __name__ == "__main__":
    store("keras", write)

"""An experiment that counts, and trains on `set.txt` in the folder of data sets."""

from __future__ import annotations

import hashlib

from engine.data.mnist_folders import check_folder
from engine.worker.run import Run
from tests.fakes import counter
from tests.fakes.catalog import CounterParams


def train(params: CounterParams, run: Run) -> None:
    folder = run.places.data
    if folder is not None:
        check_folder(folder)
    content = (folder / "set.txt").read_bytes() if folder is not None else b""
    fingerprint = hashlib.sha256(content).hexdigest()
    run.trains_on(str(folder), fingerprint)
    run.pin(data=fingerprint)
    counter.train(params, run)

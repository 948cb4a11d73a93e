"""What a batch leaves in its run folder: every network's parameters, outcome, weights and curve."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkpoints import tensors
from engine import files
from engine.errors import CorruptRun
from engine.models.xor.batch.arrays import BESTS, OUTCOMES, Singles
from engine.models.xor.batch.batch_training import BatchTraining, known
from engine.models.xor.batch.group_training import unpacked
from engine.models.xor.batch.plan import PARAMS, BatchPlan, coded, decoded
from engine.models.xor.xor_net import XorNet, net
from engine.params import Value
from engine.protocol import Json

STATIC, CHANGING = "lanes.json", "lanes.safetensors"
VERSION = 1
LIMIT = 2 * 1024**3
"""bytes of a file: of 100,000 networks they have a tenth"""


def static(plan: BatchPlan, epochs: int, **facts: object) -> bytes:
    """lanes.json: what is known before anything trains."""
    common = {name: plan.value(name, 0) for name in PARAMS if name not in _varying(plan)}
    told = {
        "version": VERSION,
        "lanes": len(plan),
        "epochs": epochs,
        "axes": list(plan.axes),
        "common": common,
    }
    return json.dumps({**told, **facts}).encode()


def changing(training: BatchTraining) -> bytes:
    """lanes.safetensors: columns of what varies (`param.*`), and where every network stands."""
    plan, curves = training.plan, training.curves
    arrays: dict[str, Any] = {f"param.{name}": plan.columns[name] for name in _varying(plan)}
    columns = ("outcome", "stop", "loss", "val_loss", "best", "right", *BESTS)
    arrays |= {name: training.column(name) for name in columns}
    arrays |= {
        "weights": training.weights(),
        "epoch": np.array(training.epoch, dtype=np.int64),
        "curve.epochs": curves.epochs,
        "curve.loss": curves.loss[: curves.count],
        "curve.val_loss": curves.val_loss[: curves.count],
    }
    return tensors.dumps(arrays)


def _varying(plan: BatchPlan) -> list[str]:
    return [name for name in PARAMS if name in plan.axes or name == "seed"]


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The two files, read."""

    told: Json
    arrays: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return int(self.told["lanes"])

    @property
    def epoch(self) -> int:
        return int(self.arrays["epoch"])

    @property
    def axes(self) -> tuple[str, ...]:
        """What varies, the seed always among it."""
        named = tuple(self.told["axes"])
        return named if "seed" in named else (*named, "seed")

    @property
    def validates(self) -> NDArray[np.bool_]:
        """(N,)"""
        notebook = PARAMS["validation"].choices.index("notebook")
        found: NDArray[np.bool_] = self.codes("validation") == notebook
        return found

    def codes(self, name: str) -> NDArray[np.float64]:
        """(N,) of a parameter, flags and choices as numbers."""
        column = self.arrays.get(f"param.{name}")
        if column is not None:
            return column
        return np.full(len(self), coded(name, self.told["common"][name]))

    def value(self, name: str, lane: int) -> Value:
        return decoded(name, float(self.codes(name)[lane]))

    def losses(self, name: str) -> NDArray[np.float64]:
        """(N,) of loss, val_loss or best; infinite where it is not known or not finite."""
        return known(self.arrays[name])

    def best_losses(self, name: str) -> NDArray[np.float64]:
        """(N,) the smallest that a run of the network alone logs of loss or val_loss; infinite where there is
        none. A record of before has the last one alone."""
        found = known(self.arrays.get(f"best_{name}", self.arrays[name]))
        return np.where(self.validates, found, np.inf) if name == "val_loss" else found

    def best_epoch(self, name: str, lane: int) -> int:
        """Of that loss."""
        told = self.arrays.get(f"best_{name}_at")
        return int(told[lane]) if told is not None else int(self.arrays["stop"][lane]) or self.epoch

    def outcome(self, lane: int) -> str:
        return OUTCOMES[int(self.arrays["outcome"][lane])]

    def counts(self) -> dict[str, int]:
        found = np.bincount(self.arrays["outcome"], minlength=len(OUTCOMES))
        return dict(zip(OUTCOMES, found.tolist(), strict=True))

    def weights(self, lane: int) -> dict[str, Any]:
        """By the names of xor_net.net."""
        hidden, bypass = int(self.codes("hidden")[lane]), bool(self.value("bypass", lane))
        row: Singles = self.arrays["weights"][lane, : 4 * hidden + 2 * bypass + 1]
        return unpacked(hidden, row)

    def network(self, lane: int) -> XorNet:
        return net(**self.weights(lane), **self.recipe(lane))

    def recipe(self, lane: int) -> dict[str, Any]:
        return {name: self.value(name, lane) for name in ("bypass", "activation", "temperature")}


def read_folder(folder: Path) -> BatchRecord:
    """Of a run. Raises FileNotFoundError while one of the files is not there, and CorruptRun."""
    told, arrays = (files.read_bytes(folder / name, limit=LIMIT) for name in (STATIC, CHANGING))
    if told is None or arrays is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    return read(told, arrays)


def read(told: bytes, arrays: bytes) -> BatchRecord:
    """Raises CorruptRun."""
    try:
        found = BatchRecord(files.parse_object(told), tensors.loads(arrays))
        _check(found)
        sizes = {found.arrays[name].shape[0] for name in ("outcome", "stop", "loss", "val_loss", "weights")}
        if found.told["version"] != VERSION or sizes != {len(found)}:
            raise ValueError(f"version {found.told['version']}, networks {len(found)} and {sorted(sizes)}")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise CorruptRun(f"The networks of the run cannot be read: {error}.") from error
    return found


def _check(record: BatchRecord) -> None:
    """Raises ValueError for arrays of another kind than `changing` writes, and KeyError for missing ones."""
    for name, kinds, dimensions in _ARRAYS:
        array = record.arrays[name]
        if array.dtype.kind not in kinds or array.ndim != dimensions:
            raise ValueError(f"{name} is {array.dtype} of {array.ndim} dimensions, expected {dimensions}")
    for name, array in record.arrays.items():
        if name.startswith("param.") and (array.ndim != 1 or len(array) != len(record)):
            raise ValueError(f"{name} has the shape {array.shape}, expected ({len(record)},)")
    outcomes = record.arrays["outcome"]
    if len(outcomes) and not 0 <= int(outcomes.min()) <= int(outcomes.max()) < len(OUTCOMES):
        raise ValueError(
            f"outcome holds {outcomes.min()} to {outcomes.max()}, expected 0 to {len(OUTCOMES) - 1}"
        )


_ARRAYS = (
    ("outcome", "iu", 1), ("stop", "iu", 1), ("loss", "f", 1), ("val_loss", "f", 1), ("weights", "f", 2),
    ("epoch", "iu", 0),
)  # fmt: skip

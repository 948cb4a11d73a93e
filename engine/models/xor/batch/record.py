"""The files of a batch in its run folder: parameters, outcome, weights and loss curve of every network."""

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
from engine.models.xor.batch.batch_training import BatchTraining, finite_or_inf, unpacked
from engine.models.xor.batch.plan import PARAMS, BatchPlan, coded, decoded
from engine.models.xor.xor_net import XorNet, net
from engine.params import Value
from engine.protocol import Json

METADATA_FILE, ARRAYS_FILE = "lanes.json", "lanes.safetensors"
VERSION = 1
LIMIT = 2 * 1024**3
"""bytes of a file; 100,000 networks need a tenth"""


def dump_metadata(plan: BatchPlan, epochs: int, **facts: object) -> bytes:
    """The bytes of lanes.json: what does not change while the batch trains."""
    common = {name: plan.value(name, 0) for name in PARAMS if name not in _varying(plan)}
    metadata = {
        "version": VERSION,
        "lanes": len(plan),
        "epochs": epochs,
        "axes": list(plan.axes),
        "common": common,
    }
    return json.dumps({**metadata, **facts}).encode()


def dump_arrays(training: BatchTraining) -> bytes:
    """The bytes of lanes.safetensors: columns of the parameters that vary (`param.*`), and the state of every
    network."""
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
    """Both files, parsed."""

    metadata: Json
    arrays: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return int(self.metadata["lanes"])

    @property
    def epoch(self) -> int:
        return int(self.arrays["epoch"])

    @property
    def axes(self) -> tuple[str, ...]:
        """Parameters that vary, the seed always among them."""
        named = tuple(self.metadata["axes"])
        return named if "seed" in named else (*named, "seed")

    @property
    def validates(self) -> NDArray[np.bool_]:
        """(N,)"""
        notebook = PARAMS["validation"].choices.index("notebook")
        found: NDArray[np.bool_] = self.codes("validation") == notebook
        return found

    def codes(self, name: str) -> NDArray[np.float64]:
        """(N,) values of a parameter, flags and choices as numbers."""
        column = self.arrays.get(f"param.{name}")
        if column is not None:
            return column
        return np.full(len(self), coded(name, self.metadata["common"][name]))

    def value(self, name: str, index: int) -> Value:
        return decoded(name, float(self.codes(name)[index]))

    def losses(self, name: str) -> NDArray[np.float64]:
        """(N,) of loss, val_loss or best; infinite where unknown or not finite."""
        return finite_or_inf(self.arrays[name])

    def best_losses(self, name: str) -> NDArray[np.float64]:
        """(N,) smallest loss or val_loss that a run of one network would log; infinite where there is none.
        Records of earlier versions have only the last one."""
        found = finite_or_inf(self.arrays.get(f"best_{name}", self.arrays[name]))
        return np.where(self.validates, found, np.inf) if name == "val_loss" else found

    def best_epoch(self, name: str, index: int) -> int:
        """The epoch of the loss that `best_losses` returns."""
        epochs = self.arrays.get(f"best_{name}_at")
        return int(epochs[index]) if epochs is not None else int(self.arrays["stop"][index]) or self.epoch

    def outcome(self, index: int) -> str:
        return OUTCOMES[int(self.arrays["outcome"][index])]

    def counts(self) -> dict[str, int]:
        found = np.bincount(self.arrays["outcome"], minlength=len(OUTCOMES))
        return dict(zip(OUTCOMES, found.tolist(), strict=True))

    def weights(self, index: int) -> dict[str, Any]:
        """Keyword arguments of xor_net.net."""
        hidden, bypass = int(self.codes("hidden")[index]), bool(self.value("bypass", index))
        row: Singles = self.arrays["weights"][index, : 4 * hidden + 2 * bypass + 1]
        return unpacked(hidden, row)

    def network(self, index: int) -> XorNet:
        return net(**self.weights(index), **self.recipe(index))

    def recipe(self, index: int) -> dict[str, Any]:
        return {name: self.value(name, index) for name in ("bypass", "activation", "temperature")}


def read_folder(folder: Path) -> BatchRecord:
    """The record of a run folder. Raises FileNotFoundError while a file is missing, and CorruptRun."""
    metadata, arrays = (files.read_bytes(folder / name, limit=LIMIT) for name in (METADATA_FILE, ARRAYS_FILE))
    if metadata is None or arrays is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    return read(metadata, arrays)


def read(metadata: bytes, arrays: bytes) -> BatchRecord:
    """Raises CorruptRun."""
    try:
        found = BatchRecord(files.parse_object(metadata), tensors.loads(arrays))
        _check(found)
        sizes = {found.arrays[name].shape[0] for name in ("outcome", "stop", "loss", "val_loss", "weights")}
        if found.metadata["version"] != VERSION or sizes != {len(found)}:
            raise ValueError(
                f"version {found.metadata['version']}, networks {len(found)} and {sorted(sizes)}"
            )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise CorruptRun(f"The networks of the run cannot be read: {error}.") from error
    return found


def _check(record: BatchRecord) -> None:
    """Raises ValueError for arrays of other types than `dump_arrays` writes, KeyError for missing ones."""
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

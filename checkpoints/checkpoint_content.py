"""The content of a checkpoint in memory, the same for every framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from checkpoints import plain_values, strict_json, tensors
from checkpoints.errors import DamagedCheckpoint, NotFinite
from checkpoints.folder import Verified
from checkpoints.manifest import FILE_LIMITS, Fact
from checkpoints.tensors import Arrays

MODEL = "model.safetensors"
TRAIN = "train.safetensors"
STATE = "state.json"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Captured:
    """Copy of a training state between two steps: it may be written while the training continues.

    `model` has the layout of checkpoints.neutral; `train` and `state` (plain data) are specific to the
    framework. Raises NotFinite.
    """

    step: int
    model: Arrays
    train: Arrays
    state: Mapping[str, Any]
    env: Mapping[str, Fact]

    def __post_init__(self) -> None:
        for prefix, arrays in (("model", self.model), ("train", self.train)):
            name = tensors.not_finite(arrays)
            if name is not None:
                raise NotFinite(f"{prefix}:{name}", self.step)

    def files(self) -> dict[str, bytes]:
        """The files of a checkpoint, without its manifest."""
        return {
            MODEL: tensors.dumps(self.model),
            TRAIN: tensors.dumps(self.train),
            STATE: strict_json.dumps(plain_values.encode(self.state, "state")),
        }

    def weights_sha256(self) -> str:
        """SHA-256 of the model weights alone."""
        return tensors.weights_sha256(self.model)


def parse(verified: Verified) -> Captured:
    """Parse verified bytes. Raises DamagedCheckpoint."""
    model = _parsed(verified, MODEL, tensors.loads)
    train = _parsed(verified, TRAIN, tensors.loads)
    state = _parsed(verified, STATE, _state)
    manifest = verified.manifest
    if tensors.weights_sha256(model) != manifest.weights_sha256:
        raise DamagedCheckpoint(verified.path, f"{MODEL} does not have the weights that its manifest gives")
    try:
        return Captured(manifest.step, model, train, state, manifest.env)
    except NotFinite as error:
        raise DamagedCheckpoint(verified.path, f"tensor {error.tensor} is not finite") from error


def _state(data: bytes) -> dict[str, Any]:
    value = plain_values.decode(strict_json.loads(data, FILE_LIMITS[STATE]))
    if not isinstance(value, dict):
        raise ValueError("the state is not an object")
    return value


def _parsed(verified: Verified, name: str, parser: Callable[[bytes], T]) -> T:
    if name not in verified.files:
        raise DamagedCheckpoint(verified.path, f"{name} is missing")
    try:
        return parser(verified.files[name])
    except (ValueError, TypeError) as error:
        raise DamagedCheckpoint(verified.path, f"{name} cannot be parsed: {error}") from error

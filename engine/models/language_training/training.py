"""What both trainings share: recipe, learning rates, early stopping, dropout, initial weights, interface.

Only the framework in use is imported.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine import recipe_defaults
from engine.built_in_experiments import LmParams
from engine.models import compiled_loops
from engine.models.language.model_description import LstmDescription, ModelDescription, TransformerDescription
from engine.models.precision import TimedWork


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    lr: float
    dropout: float
    tied: bool
    schedule: str
    clip: float
    """0: none"""
    warm_up: int
    """steps in which the learning rate rises from 0 to its schedule"""
    decay: float = 0.0
    """each step takes lr * decay of every matrix away (Loshchilov and Hutter, 2019); 0: none"""

    def summary(self) -> str:
        """One line for the run's notes."""
        dropped = f"{100 * self.dropout:g} % dropped" if self.dropout else "nothing dropped"
        clipped = f", gradients clipped at {self.clip:g}" if self.clip else ""
        tied = "tied weights" if self.tied else "weights apart"
        rises = f" after {self.warm_up} steps of warm-up" if self.warm_up else ""
        decays = f", weights decay by {self.decay:g}" if self.decay else ""
        return f"lr {self.lr:g} {self.schedule}{rises}, {dropped}, {tied}{clipped}{decays}"


def resolve(params: LmParams) -> TrainingRecipe:
    """Explicit parameters take precedence over those of the recipe."""
    proposed = recipe_defaults.language_recipe(params.recipe, params.layers, params.model)
    clip = proposed.clip if params.clip is None else params.clip
    return TrainingRecipe(
        lr=proposed.lr if params.lr is None else params.lr,
        dropout=proposed.dropout if params.dropout is None else params.dropout,
        tied=proposed.tied if params.tied == "recipe" else params.tied == "yes",
        schedule=proposed.schedule if params.schedule == "recipe" else params.schedule,
        clip=0.0 if clip == "off" else float(clip),
        warm_up=proposed.warm_up,
        decay=proposed.decay,
    )


def lr_factor(schedule: str, step: int, total: int, warm_up: int = 0) -> float:
    """The factor at `step` (from 1) of `total`: constant 1; linear from 1 to 0; cosine from 1 to 0. In the
    first `warm_up` steps it rises in proportion to the step."""
    done = (step - 1) / max(total, 1)
    risen = min(1.0, step / warm_up) if warm_up else 1.0
    if schedule == "linear":
        return risen * (1 - done)
    if schedule == "cosine":
        return risen * (1 + math.cos(math.pi * done)) / 2
    return risen


class EarlyStopping:
    """`epochs` without a better value end the training; None never does."""

    def __init__(self, epochs: int | None) -> None:
        self.epochs = epochs
        self.start_anew()

    def start_anew(self) -> None:
        self.best, self.best_step, self.worse = math.inf, 0, 0

    def update(self, value: float, step: int) -> bool:
        """Record a value; returns whether it is the best so far."""
        if value < self.best:
            self.best, self.best_step, self.worse = value, step, 0
            return True
        self.worse += 1
        return False

    @property
    def is_over(self) -> bool:
        return self.epochs is not None and self.epochs <= self.worse

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_step": self.best_step, "worse": self.worse}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.best_step, self.worse = state["best"], state["best_step"], state["worse"]


Floats = NDArray[np.float32]
DROPOUT_STREAM = (
    0xD809 << 32
)  # added to the seed (below 2**32): differs from the streams of data order and weights


def masks(
    description: ModelDescription, rate: float, batch: tuple[int, ...], seed: int, step: int
) -> list[Floats]:
    """Masks of 0 and 1 / (1 - rate) for a batch (B, T).

    LSTM: one for all words of a sentence: (B, E) for the embedding, then (B, H) for the output of each layer.
    Transformer: (B, T, E) for the embedding, then for both additions of each block.
    """
    rng = np.random.Generator(np.random.Philox(key=np.array([DROPOUT_STREAM + seed, step], np.uint64)))
    if isinstance(description, LstmDescription):
        rows: tuple[int, ...] = batch[:1]
        widths = [description.embedding] + [description.hidden_size] * description.layers
    else:
        rows, widths = batch, [description.embedding] * (1 + 2 * description.layers)
    kept = rng.random((*rows, sum(widths)), np.float32) >= rate
    scaled = kept.astype(np.float32) / np.float32(1 - rate)
    ends = np.cumsum(widths)
    return [
        np.ascontiguousarray(scaled[..., end - width : end]) for width, end in zip(widths, ends, strict=True)
    ]


WEIGHTS_STREAM = 0x1A17  # differs from the streams of data order and dropout


def weights(description: ModelDescription, seed: int) -> dict[str, Floats]:
    """LSTM: embedding uniform in +-0.05; matrices Glorot uniform; recurrent ones orthogonal; forget gate
    biases 1. Transformer: normal, embedding with a standard deviation of 1 / sqrt(E), matrices and positions
    of 0.02, those that add to the stream of 0.02 / sqrt(2 blocks) (Radford and others, 2019); norms 1."""
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, WEIGHTS_STREAM], np.uint64)))
    if isinstance(description, TransformerDescription):
        return {name: _of_transformer(name, description, rng) for name in description.shapes()}
    return {name: _tensor(name, size, rng) for name, size in description.shapes().items()}


def _of_transformer(name: str, description: TransformerDescription, rng: np.random.Generator) -> Floats:
    size = description.shapes()[name]
    if name.endswith(".bias"):
        return np.zeros(size, np.float32)
    if len(size) == 1:
        return np.ones(size, np.float32)
    if name == "embedding.weight":
        spread = 1 / math.sqrt(description.embedding)
    elif name.endswith(("out_proj.weight", "linear2.weight")):
        spread = 0.02 / math.sqrt(2 * description.layers)
    else:
        spread = 0.02
    drawn: Floats = (spread * rng.standard_normal(size)).astype(np.float32)
    return drawn


def _tensor(name: str, size: tuple[int, ...], rng: np.random.Generator) -> Floats:
    if name == "embedding.weight":
        return rng.uniform(-0.05, 0.05, size).astype(np.float32)
    if name.endswith(".recurrent"):
        return _orthogonal(size, rng)
    if name.endswith(".bias"):
        return _bias(name, size)
    bound = math.sqrt(6 / sum(size))
    return rng.uniform(-bound, bound, size).astype(np.float32)


def _orthogonal(size: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """(H, 4H) with orthonormal rows."""
    q, r = np.linalg.qr(rng.standard_normal(size[::-1]))
    return np.ascontiguousarray((q * np.sign(np.diag(r))).T, dtype=np.float32)


def _bias(name: str, size: tuple[int, ...]) -> Floats:
    """Zeros; 1 for the forget gate of an LSTM (the second quarter)."""
    bias = np.zeros(size, np.float32)
    if name.startswith("lstm."):
        hidden = size[0] // 4
        bias[hidden : 2 * hidden] = 1
    return bias


Ids = NDArray[np.int32]
Arrays = Mapping[str, NDArray[Any]]
Update = tuple[Ids, Ids, int, float]
"""inputs, targets, step and learning rate"""


class LanguageTraining(Protocol):
    """A language model in training. `inputs` and `targets` are (B, T), padded on the right with 0."""

    together: int
    """updates at most of one call of `train_steps`"""

    def train_steps(self, updates: Iterable[Update]) -> list[float]:
        """Do each update as `train_step` does, `together` at most; returns the losses."""
        ...

    def train_step(self, inputs: Ids, targets: Ids, step: int, lr: float) -> float:
        """Do update number `step` (from 1). Returns the mean loss of real words, in nats."""
        ...

    def summed_loss(self, inputs: Ids, targets: Ids) -> float:
        """The summed loss of real words in nats, in float32, without dropout and without an update."""
        ...

    def weights(self) -> dict[str, NDArray[Any]]:
        """A copy of all weights under their neutral names."""
        ...

    def load_weights(self, weights: Arrays) -> None:
        """Weights of either framework. Raises MismatchedCheckpoint."""
        ...

    def state(self, extras: Mapping[str, Any]) -> Any:
        """Everything that an exact resume needs; `extras` are saved with it."""
        ...


class OneByOne:
    """A LanguageTraining that reads the loss of each update before the next."""

    together = 1

    def train_steps(self: Any, updates: Iterable[Update]) -> list[float]:
        return [self.train_step(*update) for update in updates]


def make_training(
    framework: str, kind: ModelDescription, *, decay: float = 0.0, compiled: bool = True, **options: Any
) -> LanguageTraining:
    """`options` are seed, dropout, optimizer, clip, precision and device; `decay` and `compiled`, whether
    Numba's loops are used on a CPU, are PyTorch's alone."""
    if framework == "torch" and options.get("device") == "cuda":
        from engine.models.language_training.torch_gpu_training import GpuTraining

        return GpuTraining(kind, decay=decay, **options)
    if framework == "torch":
        from engine.models.language_training.torch_training import TorchTraining

        return TorchTraining(kind, decay=decay, compiled=compiled, **options)
    from engine.models.language_training.keras_training import KerasTraining

    assert isinstance(kind, LstmDescription), "LmParams.check refuses a transformer in Keras"
    return KerasTraining(kind, **options)


LOOPS, AROUND = "language_kernels", ("torch_planned", "sentence_plan")


def compiled_kernels(cache: Path, report: Callable[[str], object]) -> str | None:
    """The name of all that the bits of PyTorch's training on a CPU depend on where Numba's loops are part of
    it; None, and a line to `report`, where they cannot be used."""
    room = __name__.rpartition(".")[0]
    what = "language models for this processor: once, about 10 s"
    names = [f"{room}.{name}" for name in AROUND]
    try:
        made = compiled_loops.prepare(f"{room}.{LOOPS}", "language", cache, what, report, *names)
    except (ImportError, OSError, RuntimeError) as error:
        report(f"PyTorch trains by itself, more slowly: Numba cannot be used: {error}.")
        return None
    return f"{made}, numpy {np.__version__}"


def planned_kernels() -> str:
    """The name of what the bits of Keras's training on a CPU without dropout depend on beside TensorFlow."""
    room = __name__.rpartition(".")[0]
    return f"planned {compiled_loops.fingerprint(f'{room}.keras_planned', f'{room}.sentence_plan')}"


def timed_product(framework: str, device: str) -> TimedWork:
    """A product as of a vocabulary layer: (rows, 256) by (256, 4096) with 256 rows, on a GPU with 8192."""
    rows = 8192 if device == "cuda" else 256
    product: Callable[[int, str], tuple[Callable[[str], object], Mapping[str, Any]]]
    if framework == "torch":
        from engine.models.language_training.torch_training import product
    else:
        from engine.models.language_training.keras_training import product
    multiply, env = product(rows, device)
    version = f"{env['framework']} {env[env['framework']]}"
    machine = f"product, {env['processor']}, {platform.node()}, {env['threads']} threads, {version}"
    return TimedWork("a matrix product", machine, multiply)

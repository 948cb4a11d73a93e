"""Saving and restoring a Keras training (on TensorFlow) bit for bit."""

from __future__ import annotations

import copy
import os
import platform
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow as tf

from checkpoints import keras_neutral, randomness, restore_checks
from checkpoints.checkpoint_content import Captured
from checkpoints.errors import CheckpointError
from checkpoints.folder import Verified
from checkpoints.manifest import Fact
from checkpoints.tensors import Array, Arrays

_EXACT = (
    "tensorflow", "keras", "device", "processor", "threads", "interop_threads", "deterministic", "onednn",
)  # fmt: skip


def strict_mode(threads: int, seed: int) -> None:
    """Make all later operations of this process deterministic, and seed all random number generators.

    Call it before any other work: the numbers of threads of TensorFlow can be set only once. TensorFlow's own
    random number generators cannot be saved: draw from NumPy or from `tf.random.stateless_*`.
    """
    _set_threads(threads)
    tf.config.experimental.enable_op_determinism()
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_tensor_float_32_execution(False)
        tf.config.experimental.set_memory_growth(gpu, True)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    tf.random.set_seed(seed)
    keras.utils.set_random_seed(seed % 2**32)


def _set_threads(threads: int) -> None:
    config = tf.config.threading
    if (config.get_intra_op_parallelism_threads(), config.get_inter_op_parallelism_threads()) == (threads, 1):
        return
    try:
        config.set_intra_op_parallelism_threads(threads)
        config.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise CheckpointError(
            "The number of threads cannot be set any more.", "Call strict_mode before any other work."
        ) from error


def versions() -> dict[str, str]:
    return {"tensorflow": str(tf.__version__), "keras": str(keras.__version__)}


def gpu_name() -> str | None:
    """The name of the first GPU of TensorFlow, None without one."""
    gpus = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")) if gpus else None


def environment() -> dict[str, Fact]:
    """Everything outside a checkpoint that the bits of a result depend on."""
    gpu = gpu_name()
    return {
        "framework": "tensorflow",
        **versions(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "device": "cuda" if gpu else "cpu",
        "processor": gpu or _processor(),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "interop_threads": tf.config.threading.get_inter_op_parallelism_threads(),
        "deterministic": _is_deterministic(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def _is_deterministic() -> bool:
    from tensorflow.python.framework import config  # there is no public function for it

    return bool(config.is_op_determinism_enabled())


def _processor() -> str:
    """The instruction sets by which kernels are chosen."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            flags = next((line for line in file if line.startswith("flags")), "").split()
    except OSError:
        flags = []
    known = ("amx_bf16", "avx512_bf16", "avx512_vnni", "avx512f", "avx2", "fma")
    return " ".join(flag for flag in known if flag in flags) or platform.machine()


def load_weights(model: keras.Model, weights: Arrays) -> None:
    """Load weights in the neutral layout into a model. Raises MismatchedCheckpoint."""
    _assign(_fitting(keras_neutral.variables(model), weights, "model"))


def neutral_weights(model: keras.Model) -> dict[str, Array]:
    """A copy of all weights, in the neutral layout."""
    return {name: one.read() for name, one in keras_neutral.variables(model).items()}


@dataclass(slots=True)
class KerasState:
    """The state of a training: model, optimizer, and optional `extras` and random `generators`.

    An optimizer that is not built yet is built for the weights of the model, which has to be built.
    """

    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    extras: Mapping[str, restore_checks.Extra] = field(default_factory=dict)
    generators: Mapping[str, np.random.Generator] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.model.built and not self.optimizer.built:
            self.optimizer.build(self.model.trainable_variables)

    def capture(self, step: int) -> Captured:
        """Copy everything, between two updates. `step` counts completed updates. Raises NotFinite."""
        parts = {
            "optimizer": {"class": type(self.optimizer).__name__},
            "extras": {name: extra.state_dict() for name, extra in self.extras.items()},
            "random": randomness.capture(self.generators),
        }
        train = {name: one.read() for name, one in self._train().items()}
        return Captured(step, neutral_weights(self.model), train, copy.deepcopy(parts), environment())

    def restore(self, verified: Verified, *, strict: bool = True) -> int:
        """Restore a checkpoint; returns its step. Nothing is changed unless all of it fits.

        With `strict` the environment has to equal the recorded one, so that the bits will be the same;
        without, the training continues, but with other bits. Raises DamagedCheckpoint and
        MismatchedCheckpoint.
        """
        return restore_checks.restore(verified, self._check_fit, environment(), _EXACT if strict else ())

    def begin(self, verified: Verified, *, keeps_random: bool) -> int:
        """Begin another training with a checkpoint; returns its step. Nothing is changed unless all fits.

        The learning rate of the optimizer stays that of this training, and without `keeps_random` its random
        states too. Raises DamagedCheckpoint and MismatchedCheckpoint.
        """

        def is_own(name: str) -> bool:
            return name.endswith(".learning_rate") or (name.startswith("random.") and not keeps_random)

        own = [(slot, slot.read()) for name, slot in self._train().items() if is_own(name)]

        def check_fit(captured: Captured) -> Callable[[], None]:
            apply = self._check_fit(captured, restores_random=keeps_random)

            def apply_and_keep_own() -> None:
                apply()
                _assign(own)

            return apply_and_keep_own

        return restore_checks.restore(verified, check_fit, environment(), ())

    def _train(self) -> dict[str, keras_neutral.Slot]:
        slots, randoms = keras_neutral.slots(self.optimizer), keras_neutral.variables(self.model, random=True)
        return {f"slot.{name}": one for name, one in slots.items()} | {
            f"random.{name}": one for name, one in randoms.items()
        }

    def _check_fit(self, captured: Captured, *, restores_random: bool = True) -> Callable[[], None]:
        """Check that everything fits; returns a function that applies the checkpoint and cannot fail."""
        state = captured.state
        weights = _fitting(keras_neutral.variables(self.model), captured.model, "model")
        restore_checks.check_equal("optimizer", type(self.optimizer).__name__, state["optimizer"]["class"])
        train = _fitting(self._train(), captured.train, "optimizer")
        restore_checks.check_equal("extras", sorted(self.extras), sorted(state["extras"]))
        restore_checks.check_equal(
            "generators", sorted(self.generators), sorted(state["random"]["generators"])
        )

        def apply() -> None:
            _assign(weights)
            _assign(train)
            for name, extra in self.extras.items():
                extra.load_state_dict(state["extras"][name])
            if restores_random:
                randomness.restore(state["random"], self.generators)

        return apply


Pairs = list[tuple[keras_neutral.Slot, Array]]


def _fitting(own: Mapping[str, keras_neutral.Slot], found: Arrays, owner: str) -> Pairs:
    """Compare names, then shapes and dtypes. Raises MismatchedCheckpoint for the first difference."""
    expected = {name: slot.outline for name, slot in own.items()}
    restore_checks.check_tensors(owner, expected, restore_checks.outlines(found))
    return [(slot, found[name]) for name, slot in own.items()]


def _assign(pairs: Pairs) -> None:
    for slot, array in pairs:
        slot.write(array)

"""Saving and restoring a PyTorch training bit for bit."""

from __future__ import annotations

import copy
import os
import platform
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from checkpoints import neutral, randomness, restore_checks
from checkpoints.checkpoint_content import Captured
from checkpoints.errors import CheckpointError, MismatchedCheckpoint
from checkpoints.folder import Verified
from checkpoints.manifest import Fact
from checkpoints.tensors import Array, Arrays

_EXACT = ("torch", "device", "processor", "threads", "interop_threads", "deterministic", "matmul", "tf32")


def strict_mode(threads: int, seed: int) -> None:
    """Make all later operations of this process deterministic, and seed all random number generators.

    Call it before any other work: the number of interop threads can be set only once, and CUDA reads its
    workspace setting when it starts.
    """
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.set_num_threads(threads)
    if torch.get_num_interop_threads() != 1:
        try:
            torch.set_num_interop_threads(1)
        except RuntimeError as error:
            raise CheckpointError(
                "The number of interop threads cannot be set any more.",
                "Call strict_mode before any other work.",
            ) from error
    torch.use_deterministic_algorithms(True)
    switches: Any = torch.utils.deterministic
    switches.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def environment(device: torch.device) -> dict[str, Fact]:
    """Everything outside a checkpoint that the bits of a result depend on."""
    on_gpu = device.type == "cuda"
    return {
        "framework": "torch",
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "device": device.type,
        "processor": torch.cuda.get_device_name(device)
        if on_gpu
        else torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "interop_threads": torch.get_num_interop_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "matmul": torch.get_float32_matmul_precision(),
        "tf32": bool(torch.backends.cudnn.allow_tf32),
    }


def load_weights(model: nn.Module, weights: Arrays) -> None:
    """Load weights in the neutral layout into a model. Raises MismatchedCheckpoint."""
    _put_weights(model, _fitting(model, weights, None))


@dataclass(slots=True)
class TorchState:
    """The state of a training; parts with a default are optional.

    `modules` are trained beside `model`, such as the network whose weights `model` averages.
    """

    model: nn.Module
    optimizer: Optimizer
    scheduler: LRScheduler | None = None
    extras: Mapping[str, restore_checks.Extra] = field(default_factory=dict)
    generators: Mapping[str, np.random.Generator] = field(default_factory=dict)
    modules: Mapping[str, nn.Module] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def capture(self, step: int) -> Captured:
        """Copy everything, between two updates. `step` counts completed updates. Raises NotFinite."""
        state = {name: _array(name, tensor) for name, tensor in self.model.state_dict().items()}
        weights, biases = neutral.from_torch(state, _lstms(self.model))
        slots, optimizer = _optimizer_state(self.optimizer)
        parts = {
            "optimizer": optimizer,
            "scheduler": _scheduler_state(self.scheduler),
            "extras": {name: extra.state_dict() for name, extra in self.extras.items()},
            "random": randomness.capture(self.generators),
        }
        train = (
            _prefixed("bias", biases) | _prefixed("slot", slots) | _prefixed("random", _random(self.device))
        )
        for name, module in self.modules.items():
            own = {key: _array(f"{name}.{key}", tensor) for key, tensor in module.state_dict().items()}
            train |= _prefixed(f"module.{name}", own)
        return Captured(step, weights, train, copy.deepcopy(parts), environment(self.device))

    def restore(self, verified: Verified, *, strict: bool = True) -> int:
        """Restore a checkpoint; returns its step. Nothing is changed unless all of it fits.

        With `strict` the environment has to equal the recorded one, so that the bits will be the same;
        without, the training continues, but with other bits. Raises DamagedCheckpoint and
        MismatchedCheckpoint.
        """
        exact = _EXACT if strict else ()
        return restore_checks.restore(verified, self._check_fit, environment(self.device), exact)

    def begin(self, verified: Verified, *, keeps_random: bool) -> int:
        """Begin another training with a checkpoint; returns its step. Nothing is changed unless all fits.

        The hyper-parameters of optimizer and scheduler stay those of this training, and without
        `keeps_random` its random states too. Raises DamagedCheckpoint and MismatchedCheckpoint.
        """
        own = [dict(group) for group in self.optimizer.param_groups]

        def check_fit(captured: Captured) -> Callable[[], None]:
            scheduler = _continued(self.scheduler, captured.state["scheduler"])
            apply = self._check_fit(captured, restores_random=keeps_random, scheduler=scheduler)

            def apply_and_keep_own() -> None:
                apply()
                _put_own_values(self.optimizer, own, has_scheduler=self.scheduler is not None)

            return apply_and_keep_own

        return restore_checks.restore(verified, check_fit, environment(self.device), ())

    def _check_fit(
        self, captured: Captured, *, restores_random: bool = True, scheduler: dict[str, Any] | None = None
    ) -> Callable[[], None]:
        """Check that everything fits; returns a function that applies the checkpoint and cannot fail.

        `scheduler`: the state to load into the scheduler, that of the checkpoint by default.
        """
        state, train = captured.state, _sections(captured.train)
        weights = _fitting(self.model, captured.model, train["bias"])
        optimizer = _fitting_optimizer(self.optimizer, state["optimizer"], train["slot"])
        randoms = _fitting_random(self.device, train["random"], captured.env)
        modules = _fitting_modules(self.modules, train["module"])
        restore_checks.check_equal(
            "scheduler", _class(self.scheduler), state["scheduler"] and state["scheduler"]["class"]
        )
        restore_checks.check_equal("extras", sorted(self.extras), sorted(state["extras"]))
        restore_checks.check_equal(
            "generators", sorted(self.generators), sorted(state["random"]["generators"])
        )

        def apply() -> None:
            _put_weights(self.model, weights)
            for name, module in self.modules.items():
                _put_weights(module, modules[name])
            self.optimizer.load_state_dict(optimizer)
            if self.scheduler is not None:
                self.scheduler.load_state_dict(scheduler or state["scheduler"]["state"])
            for name, extra in self.extras.items():
                extra.load_state_dict(state["extras"][name])
            if restores_random:
                randomness.restore(state["random"], self.generators)
                _put_random(self.device, randoms)

        return apply


def _lstms(model: nn.Module) -> list[str]:
    return [path for path, part in model.named_modules() if isinstance(part, nn.LSTM)]


def _fitting(model: nn.Module, weights: Arrays, biases: Arrays | None) -> dict[str, Array]:
    """The state dict of the model. Raises MismatchedCheckpoint unless names, shapes and dtypes are the
    same."""
    try:
        state = neutral.to_torch(weights, _lstms(model), biases)
    except ValueError as error:
        raise MismatchedCheckpoint(f"The checkpoint's LSTM biases do not fit: {error}.") from error
    restore_checks.check_tensors("model", _outlines(model), restore_checks.outlines(state))
    restore_checks.check_equal("LSTM biases too many:", [], sorted((biases or {}).keys() - state.keys()))
    return state


def _fitting_modules(modules: Mapping[str, nn.Module], found: Arrays) -> dict[str, dict[str, Array]]:
    """The tensors of each module, by their names in it."""
    expected = {
        f"{name}.{key}": value for name, one in modules.items() for key, value in _outlines(one).items()
    }
    restore_checks.check_tensors("training", expected, restore_checks.outlines(found))
    return {name: {key: found[f"{name}.{key}"] for key in one.state_dict()} for name, one in modules.items()}


def _outlines(model: nn.Module) -> dict[str, object]:
    return {name: (tuple(one.shape), _dtype(one)) for name, one in model.state_dict().items()}


def _put_weights(model: nn.Module, state: Mapping[str, Array]) -> None:
    model.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})


def _optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Array], dict[str, Any]]:
    """Tensors named `<parameter>.<slot>`, and the other values as plain data."""
    whole = optimizer.state_dict()
    tensors: dict[str, Array] = {}
    values: list[list[Any]] = []
    for index, slots in whole["state"].items():
        for slot, value in slots.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{index}.{slot}"] = _array(f"optimizer {index}.{slot}", value)
            else:
                values.append([index, slot, value])
    kind = {"class": _class(optimizer), "groups": whole["param_groups"]}
    return tensors, kind | {"tensors": sorted(tensors), "values": values}


def _fitting_optimizer(optimizer: Optimizer, recorded: Mapping[str, Any], slots: Arrays) -> dict[str, Any]:
    """A state dict for the optimizer. Raises MismatchedCheckpoint unless class and parameters are the
    same."""
    restore_checks.check_equal("optimizer", _class(optimizer), recorded["class"])
    own = optimizer.state_dict()["param_groups"]
    restore_checks.check_equal(
        "optimizer groups", [_outline(one) for one in own], [_outline(one) for one in recorded["groups"]]
    )
    restore_checks.check_tensors("optimizer", dict.fromkeys(recorded["tensors"]), dict.fromkeys(slots))
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    for name, array in slots.items():
        index, _, slot = name.partition(".")
        if array.shape != ():  # a scalar counts steps
            own_shape = (tuple(parameters[int(index)].shape), _dtype(parameters[int(index)]))
            found = (array.shape, array.dtype.name)
            restore_checks.check_equal(f"optimizer tensor {name} of", own_shape, found)
        state.setdefault(int(index), {})[slot] = torch.from_numpy(array)
    for index, slot, value in recorded["values"]:
        state.setdefault(index, {})[slot] = value
    return {"state": state, "param_groups": recorded["groups"]}


def _outline(group: Mapping[str, Any]) -> tuple[int, list[str]]:
    return len(group["params"]), sorted(group)


def _scheduler_state(scheduler: LRScheduler | None) -> dict[str, Any] | None:
    return None if scheduler is None else {"class": _class(scheduler), "state": scheduler.state_dict()}


_POSITION = (
    "last_epoch", "_step_count", "_last_lr", "_get_lr_called_within_step", "_is_initial", "best",
    "num_bad_epochs", "cooldown_counter", "T_cur",
)  # fmt: skip
"""keys of a scheduler's state that say how far it is; the others are its hyper-parameters"""


def _continued(scheduler: LRScheduler | None, recorded: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The state of `scheduler` with the recorded position. That of schedulers made of others is recorded
    as a whole."""
    if scheduler is None or recorded is None or "_schedulers" in recorded["state"]:
        return None
    position = {name: value for name, value in recorded["state"].items() if name in _POSITION}
    return {**scheduler.state_dict(), **position}


def _put_own_values(optimizer: Optimizer, own: list[dict[str, Any]], *, has_scheduler: bool) -> None:
    """Replace the hyper-parameters of all groups by their own; with a scheduler the learning rate becomes
    the same multiple of its initial one as in the checkpoint."""
    for group, values in zip(optimizer.param_groups, own, strict=True):
        initial, now = group.get("initial_lr"), group["lr"]
        group |= {name: value for name, value in values.items() if name != "params"}
        if has_scheduler and initial:
            group["lr"] = group.get("initial_lr", group["lr"]) * (now / initial)


def _random(device: torch.device) -> dict[str, Array]:
    states = {"cpu": torch.get_rng_state().numpy()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device).numpy()
    return states


def _fitting_random(device: torch.device, states: Arrays, env: Mapping[str, Fact]) -> Arrays:
    """PyTorch's random states, without those of another kind of device, which an exact resume excludes."""
    recorded = {"cpu", "cuda"} if env["device"] == "cuda" else {"cpu"}
    restore_checks.check_equal("random states", sorted(recorded), sorted(states))
    own = _random(device)
    for name in own.keys() & states.keys():
        expected, found = own[name], states[name]
        restore_checks.check_equal(
            f"random state {name} of", (expected.shape, expected.dtype), (found.shape, found.dtype)
        )
    return {name: states[name] for name in own if name in states}


def _put_random(device: torch.device, states: Arrays) -> None:
    torch.set_rng_state(torch.from_numpy(states["cpu"]))
    if "cuda" in states:
        torch.cuda.set_rng_state(torch.from_numpy(states["cuda"]), device)


def _prefixed(prefix: str, arrays: Arrays) -> dict[str, Array]:
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def _sections(train: Arrays) -> dict[str, dict[str, Array]]:
    sections: dict[str, dict[str, Array]] = {"bias": {}, "slot": {}, "random": {}, "module": {}}
    for name, array in train.items():
        prefix, _, rest = name.partition(".")
        sections[prefix][rest] = array
    return sections


def _array(name: str, tensor: torch.Tensor) -> Array:
    """A copy in host memory."""
    try:
        array: Array = tensor.detach().to("cpu", copy=True).contiguous().numpy()
    except TypeError as error:
        raise CheckpointError(
            f"Tensor {name} has dtype {_dtype(tensor)}, which a checkpoint cannot hold.", "Use float32."
        ) from error
    return array


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _class(thing: object) -> str | None:
    return None if thing is None else type(thing).__name__

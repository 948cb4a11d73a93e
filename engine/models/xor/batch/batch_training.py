"""Training of a whole batch of networks, in strides whose length depends on the plan alone.

The networks of one shape form a group; its epochs are those of `compiled_kernel`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.models.xor import initial_weights
from engine.models.xor.batch.arrays import (
    ACTIVATIONS,
    BESTS,
    DIVERGED,
    FAIL,
    LOSSES,
    OPTIMIZERS,
    OUTCOMES,
    RUNNING,
    STOPPED,
    SUCCESS,
    NetArrays,
    NetGroup,
    Singles,
)
from engine.models.xor.batch.plan import PARAMS, BatchPlan, from_rows

COMPILED = "numba"
"""begins the facts of BatchTrainer"""


class Trainer(Protocol):
    """Trains the networks of a group: BatchTrainer, on a GPU `device_trainer.DeviceTrainer`."""

    multiple: int
    """widths of NetArrays are multiples of this"""
    facts: str
    """what the bits of a result depend on"""
    strides_longer: int
    """a stride has so many times the epochs of one on the CPU"""
    faster: int
    """times, roughly, than a core"""

    def advance(self, group: NetGroup, nets: NetArrays, done: int, epochs: int) -> None: ...

    def evaluate(self, group: NetGroup, nets: NetArrays) -> tuple[Singles, Singles, NDArray[np.int32]]: ...


class BatchTrainer:
    """Trains the networks of a group; several threads may use it. `cache` keeps the compiled code.

    Making one imports Numba, and compiles the loops or loads them. Raises EngineError.
    """

    strides_longer = faster = 1

    def __init__(self, cache: Path) -> None:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(cache / "numba"))
        try:
            import llvmlite.binding
            import numba

            from engine.models.xor.batch import compiled_kernel

            self._kernel: Any = compiled_kernel
            self.multiple = compiled_kernel.WIDTH
            self.facts = f"{COMPILED} {numba.__version__} {llvmlite.binding.get_host_cpu_name()}"
            self._compile()
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                f"Networks of XOR are trained by Numba, which cannot be used: {error}.",
                "Install dltui again, or set NUMBA_CACHE_DIR to a folder that can be written.",
            ) from error

    def advance(self, group: NetGroup, nets: NetArrays, done: int, epochs: int) -> None:
        """Train `epochs` epochs after the first `done`. A network that ends keeps the weights it ended
        with."""
        mean, root = corrections(done + 1, epochs)
        self._kernel.train(
            nets.weights, nets.first, nets.second, nets.lr, nets.sharpness, nets.min_delta,
            nets.target, nets.patience, nets.best, nets.waited, nets.outcome, nets.stop,
            nets.best_loss, nets.best_loss_at, nets.best_val_loss, nets.best_val_loss_at, done, mean, root,
            *_shape(group), OPTIMIZERS.index(group.optimizer), group.validates,
        )  # fmt: skip

    def evaluate(self, group: NetGroup, nets: NetArrays) -> tuple[Singles, Singles, NDArray[np.int32]]:
        """(W,) each: loss over the four rows, loss over the validation points (without validation the same
        again), number of right rows."""
        losses, right = np.empty((2, nets.width), np.float32), np.empty(nets.width, np.int32)
        self._kernel.evaluate(nets.weights, nets.sharpness, losses, right, *_shape(group), group.validates)
        return losses[0], losses[1], right

    def _compile(self) -> None:
        plan = from_rows([{}] * self.multiple)
        for group, indices in plan.groups():
            nets = GroupTraining(group, indices, plan).nets
            self.advance(group, nets, 0, 1)
            self.evaluate(group, nets)


def _shape(group: NetGroup) -> tuple[Any, ...]:
    return group.hidden, group.bypass, ACTIVATIONS.index(group.activation), LOSSES.index(group.loss)


def corrections(epoch: int, count: int) -> tuple[Singles, Singles]:
    """Adam's bias corrections of `count` epochs from `epoch` on: factors of the mean and of the root.

    Computed in float64 and rounded last, as in PyTorch.
    """
    epochs = np.arange(epoch, epoch + count, dtype=np.float64)
    mean = 1 / (1 - 0.9**epochs)
    root = 1 / np.sqrt(1 - 0.999**epochs)
    return mean.astype(np.float32), root.astype(np.float32)


STRIDE_LEAST, STRIDE_MOST, STRIDES = 16, 128, 256
STRIDE_NANOSECONDS = 500_000_000
"""of estimated work per stride: a batch can be paused only between strides"""


WORST = float(np.finfo(np.float32).max)
"""written for a loss that is unknown or not finite"""
SCHEMES = PARAMS["initial"].choices


class GroupTraining:
    """All networks of one group in the batch, ended ones included."""

    def __init__(self, group: NetGroup, indices: NDArray[np.int64], plan: BatchPlan) -> None:
        self.group, self.indices = group, indices
        self._columns = {name: column[indices] for name, column in plan.columns.items()}
        self.epochs = self._columns["epochs"]
        self.nets = self._initial_arrays()
        self.loss = np.full(len(indices), WORST, np.float32)
        self.val_loss = np.full(len(indices), WORST, np.float32)
        self.right = np.zeros(len(indices), np.int32)
        """rows (of four) with the right answer"""

    @property
    def running(self) -> NDArray[np.int64]:
        """Positions within the group of the networks that still train."""
        return np.flatnonzero(self.nets.outcome == RUNNING)

    def store(self, chosen: NDArray[Any], nets: NetArrays, evaluation: Iterable[NDArray[Any]]) -> None:
        """Store the trained networks, and their losses and right answers, as those of the chosen indices."""
        self.nets.put(chosen, nets)
        for name, values in zip(("loss", "val_loss", "right"), evaluation, strict=True):
            getattr(self, name)[chosen] = np.nan_to_num(values[: len(chosen)], nan=WORST, posinf=WORST)

    def update_outcomes(self, epoch: int) -> None:
        """End networks at their last epoch or with values that are not finite; clear the optimizer state of
        ended ones."""
        nets = self.nets
        is_finite = np.isfinite(nets.weights).all(axis=0)
        for slots in (nets.first, nets.second):
            is_finite &= np.isfinite(slots).all(axis=0)
        nets.outcome[(nets.outcome == RUNNING) & ~is_finite] = DIVERGED
        is_last = (nets.outcome == RUNNING) & (self.epochs <= epoch)
        has_learned = (nets.patience == 0) & (self.right == 4)
        nets.outcome[is_last] = np.where(has_learned, SUCCESS, FAIL)[is_last]
        nets.weights[:, nets.outcome == DIVERGED] = 0
        nets.first[:, nets.outcome != RUNNING] = 0
        nets.second[:, nets.outcome != RUNNING] = 0

    def stop(self, chosen: NDArray[Any], epoch: int) -> None:
        """Stop those of the chosen networks that still train."""
        nets = self.nets
        chosen = chosen[nets.outcome[chosen] == RUNNING]
        nets.outcome[chosen], nets.stop[chosen] = STOPPED, epoch
        nets.first[:, chosen] = 0
        nets.second[:, chosen] = 0

    def arrays(self) -> dict[str, Any]:
        """Every array that training changes, except the weights."""
        nets = self.nets
        return {
            "first": nets.first, "second": nets.second, "best": nets.best, "waited": nets.waited,
            "outcome": nets.outcome, "stop": nets.stop, "loss": self.loss, "val_loss": self.val_loss,
            "right": self.right, **{name: getattr(nets, name) for name in BESTS},
        }  # fmt: skip

    def _initial_arrays(self) -> NetArrays:
        group, count, columns = self.group, len(self.indices), self._columns
        is_btu = group.activation == "btu"
        return NetArrays(
            weights=self._initial_weights(),
            first=np.zeros((group.size if group.slots > 0 else 0, count), np.float32),
            second=np.zeros((group.size if group.slots > 1 else 0, count), np.float32),
            lr=_singles(columns["lr"]),
            sharpness=_singles(1 / columns["temperature"] if is_btu else np.ones(count)),
            min_delta=_singles(columns["min_delta"]),
            target=_singles(columns["target"]),
            patience=np.minimum(columns["patience"], 2**31 - 1).astype(np.int32),
            best=np.full(count, WORST, np.float32),
            waited=np.zeros(count, np.int32),
            outcome=np.zeros(count, np.int32),
            stop=np.zeros(count, np.int32),
            best_loss=np.full(count, WORST, np.float32),
            best_loss_at=np.zeros(count, np.int32),
            best_val_loss=np.full(count, WORST, np.float32),
            best_val_loss_at=np.zeros(count, np.int32),
        )

    def _initial_weights(self) -> Singles:
        weights = np.zeros((self.group.size, len(self.indices)), np.float32)
        for code, scheme in enumerate(SCHEMES):
            chosen = np.flatnonzero(self._columns["initial"] == code)
            if len(chosen):
                seeds = self._columns["seed"][chosen]
                weights[:, chosen] = packed(
                    initial_weights.draw(seeds, self.group.hidden, self.group.bypass, scheme)
                )
        return weights


def _singles(values: NDArray[np.float64]) -> Singles:
    return np.minimum(values, WORST).astype(np.float32)


def packed(start: initial_weights.InitialWeights) -> Singles:
    """(P, N), rows in the order of NetGroup.size."""
    first, second = start.hidden_weight[:, 0], start.hidden_weight[:, 1]
    rows: Singles = np.concatenate(
        [first, second, start.hidden_bias, start.output_weight, start.output_bias[None]]
    )
    return rows


def unpacked(hidden: int, row: Singles) -> dict[str, Any]:
    """The weights (P,) of one network as keyword arguments of `xor_net.net`."""
    first, second, bias, output = np.split(row[:-1].astype(float), [hidden, 2 * hidden, 3 * hidden])
    return {
        "hidden_weight": np.stack([first, second], axis=1).tolist(),
        "hidden_bias": bias.tolist(),
        "output_weight": output.tolist(),
        "output_bias": float(row[-1]),
    }


FEWEST, MOST, BUDGET = 16, 128, 4_000_000
"""least and most points of a curve; most numbers of all curves together"""


class LossCurves:
    """The loss of every network over the epochs, in bounded memory: when it is full, every second point is
    dropped."""

    def __init__(self, networks: int, stride: int) -> None:
        points = min(MOST, max(FEWEST, BUDGET // max(networks, 1)))
        self.loss: Singles = np.zeros((points, networks), np.float32)
        self.val_loss: Singles = np.zeros((points, networks), np.float32)
        self.stride, self.count = stride, 0
        """epochs between points; points so far"""

    def add(self, epoch: int, loss: Singles, val_loss: Singles) -> None:
        """Append a point where `epoch` is a multiple of the stride. Epochs have to rise from call to call."""
        if epoch % self.stride:
            return
        if self.count == len(self.loss):
            self._halve()
            if epoch % self.stride:
                return
        self.loss[self.count], self.val_loss[self.count] = loss, val_loss
        self.count += 1

    def _halve(self) -> None:
        """Points are at stride, 2 * stride, ...: the even ones are kept."""
        self.count //= 2
        self.stride *= 2
        for curve in (self.loss, self.val_loss):
            curve[: self.count] = curve[1 : 2 * self.count : 2]
            curve[self.count :] = 0

    @property
    def epochs(self) -> Any:
        return np.arange(1, self.count + 1, dtype=np.int64) * self.stride

    def state_dict(self) -> dict[str, Any]:
        return {"stride": self.stride, "count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.stride, self.count = int(state["stride"]), int(state["count"])


class BatchTraining:
    """After each `advance` all running networks are at the same epoch; the bits do not depend on the
    strides."""

    def __init__(self, plan: BatchPlan, trainer: Trainer, threads: int = 1) -> None:
        self.plan, self.trainer, self.threads = plan, trainer, max(1, threads)
        self.groups = [GroupTraining(group, indices, plan) for group, indices in plan.groups()]
        self.epoch = 0
        self.epochs = int(plan.columns["epochs"].max())
        self._ends = [int(end) for end in np.unique(plan.columns["epochs"])]
        self.stride = self._stride()
        self.curves = LossCurves(len(plan), self.stride)

    @property
    def is_over(self) -> bool:
        return not any(len(group_run.running) for group_run in self.groups)

    @property
    def next_epoch(self) -> int:
        regular = (self.epoch // self.stride + 1) * self.stride
        return min([regular, *(end for end in self._ends if end > self.epoch)])

    def advance(self) -> int:
        """Train to the end of the stride; returns the epoch reached."""
        end = self.next_epoch
        with ThreadPoolExecutor(self.threads) as pool:
            for done in [pool.submit(job) for job in self._jobs(end - self.epoch)]:
                done.result()
        self.epoch = end
        for group_run in self.groups:
            group_run.update_outcomes(end)
        self.curves.add(end, self.column("loss"), self.column("val_loss"))
        return end

    def stop(self, indices: Sequence[int]) -> None:
        """Stop the networks at `indices`. Those that have ended, and indices outside the batch, are
        ignored."""
        if indices:
            for group_run in self.groups:
                group_run.stop(np.flatnonzero(np.isin(group_run.indices, indices)), self.epoch)

    def column(self, name: str) -> NDArray[Any]:
        """(N,) of an array that the groups keep per network, in the order of the plan."""
        parts = [group_run.arrays()[name] for group_run in self.groups]
        whole = np.empty(len(self.plan), parts[0].dtype)
        for group_run, part in zip(self.groups, parts, strict=True):
            whole[group_run.indices] = part
        return whole

    def weights(self) -> Singles:
        """(N, P of the largest network), padded with zeros."""
        whole = np.zeros((len(self.plan), max(group_run.group.size for group_run in self.groups)), np.float32)
        for group_run in self.groups:
            whole[group_run.indices, : group_run.group.size] = group_run.nets.weights.T
        return whole

    def counts(self) -> dict[str, int]:
        """The number of networks with each outcome."""
        found = np.bincount(self.column("outcome"), minlength=len(OUTCOMES))
        return dict(zip(OUTCOMES, found.tolist(), strict=True))

    # --- to and from a checkpoint ---------------------------------------------------------------------------

    def model_arrays(self) -> dict[str, Any]:
        return {f"{number}.weights": group_run.nets.weights for number, group_run in enumerate(self.groups)}

    def train_arrays(self) -> dict[str, Any]:
        arrays = {"curves.loss": self.curves.loss, "curves.val_loss": self.curves.val_loss}
        for number, group_run in enumerate(self.groups):
            arrays |= {f"{number}.{name}": array for name, array in group_run.arrays().items()}
        return arrays

    def added_arrays(self) -> frozenset[str]:
        """Names in `train_arrays` that checkpoints of earlier versions lack."""
        return frozenset(f"{number}.{name}" for number in range(len(self.groups)) for name in BESTS)

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "curves": self.curves.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epoch = int(state["epoch"])
        self.curves.load_state_dict(state["curves"])
        # Of a run that was begun or extended with more epochs: each point of its curves needs a stride's end.
        self.stride = min(self.stride, self.curves.stride)

    # --- within ---------------------------------------------------------------------------------------------

    def _stride(self) -> int:
        """Epochs per stride, a power of two: about STRIDES strides in all, shorter where an epoch takes
        long."""
        cost = sum(len(group_run.indices) * (30 + 8 * group_run.group.size) for group_run in self.groups)
        wished = max(STRIDE_LEAST, min(STRIDE_MOST, self.epochs // STRIDES)) * self.trainer.strides_longer
        affordable = STRIDE_NANOSECONDS * self.trainer.faster // max(cost, 1)
        return 1 << (max(1, min(wished, affordable)).bit_length() - 1)

    def _jobs(self, epochs: int) -> Iterator[Any]:
        for group_run in self.groups:
            running = group_run.running
            width = self._width(len(running))
            for start in range(0, len(running), width):
                yield partial(self._train, group_run, running[start : start + width], epochs)

    def _width(self, running: int) -> int:
        share, whole = -(-running // self.threads), self.trainer.multiple
        return max(whole, -(-share // whole) * whole)

    def _train(self, group_run: GroupTraining, chosen: NDArray[Any], epochs: int) -> None:
        group, nets = group_run.group, group_run.nets.take(chosen, self.trainer.multiple)
        self.trainer.advance(group, nets, self.epoch, epochs)
        group_run.store(chosen, nets, self.trainer.evaluate(group, nets))


def finite_or_inf(losses: Singles) -> NDArray[np.float64]:
    """(N,) with infinity where a loss is unknown or not finite."""
    return np.where(losses >= WORST, np.inf, losses.astype(np.float64))

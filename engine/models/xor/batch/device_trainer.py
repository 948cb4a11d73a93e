"""Trains a batch of XOR networks on a GPU: by one kernel for all epochs of a stride, or where PyTorch cannot
compile it as tensors, a graph of BLOCK epochs a call.

The mathematics are those of `compiled_kernel`, in the same order; the bits are those of the GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.cuda_graph import Body, Capture, capture_on
from engine.models.xor.batch.arrays import (
    DIVERGED,
    FIELDS,
    MUTABLE_FIELDS,
    RUNNING,
    STOPPED,
    SUCCESS,
    NetArrays,
    NetGroup,
    Singles,
)
from engine.models.xor.batch.batch_training import corrections
from engine.models.xor.batch.device_kernel import CANNOT_COMPILE, Launch, compiled_for_gpu
from engine.models.xor.xor_net import NEAR, NEAR_TRUTH, ROWS, TRUTH

BLOCK = 16
"""epochs of one call"""
LEAST = 1024
"""networks of the smallest batch; with fewer, a GPU is not faster"""
NEVER = 2**31 - 1
NEW_FIRST, NEW_SECOND = (float(np.float32(1) - np.float32(kept)) for kept in (0.9, 0.999))
"""Adam's, subtracted in float32 as in `compiled_kernel`: for the second that is 5e-5 beside 0.001"""
KEPT = 32
"""graphs that are kept: of the groups, at the widths they had last"""


class DeviceTrainer:
    """As BatchTrainer, in PyTorch on `device`. `compile_kernel` makes the kernel of a group; None: there is
    none on a CPU."""

    multiple = 1
    strides_longer = 8
    """times those of BatchTrainer: arrays travel to the GPU and back once a stride"""
    faster = 200
    """times, roughly: a stride is to last as long"""

    def __init__(
        self, device: str = "cuda", least: int = LEAST,
        compile_kernel: Callable[[NetGroup], Launch] | None = None,
    ) -> None:  # fmt: skip
        self.device, self.least, self._capture = device, least, capture_on(device)
        self._compile = compile_kernel or (compiled_for_gpu if device == "cuda" else None)
        self._kernels: dict[NetGroup, Launch] = {}
        self._made: dict[tuple[NetGroup, int], NetworkTensors] = {}
        self._try_to_compile()
        chip = torch.cuda.get_device_name(0) if device == "cuda" else device
        self.facts = f"torch {torch.__version__} {chip}, {'kernel' if self._compile else 'tensors'}"

    def _try_to_compile(self) -> None:
        if self._compile is None:
            return
        try:
            self._compile(NetGroup(1, False, "sigmoid", "bce", "sgd", True))
        except CANNOT_COMPILE as error:
            first = next(iter(str(error).splitlines()), "")
            print(f"Networks are trained as tensors, more slowly: no kernel could be compiled: {first}")
            self._compile = None

    def advance(self, group: NetGroup, nets: NetArrays, done: int, epochs: int) -> None:
        """Train `epochs` epochs after the first `done`. A network that ends keeps the weights it ended
        with."""
        tensors = self._tensors(group, nets.width)
        tensors.load(nets)
        tensors.train(done, epochs)
        tensors.unload(nets)

    def evaluate(self, group: NetGroup, nets: NetArrays) -> tuple[Singles, Singles, NDArray[np.int32]]:
        """(W,) each: loss over the four rows, loss over the validation points (without validation the same
        again), number of right rows."""
        tensors = self._tensors(group, nets.width)
        tensors.load(nets, ("weights", "sharpness"))
        return tensors.evaluate(nets.width)

    def _tensors(self, group: NetGroup, width: int) -> NetworkTensors:
        key = group, rounded_width(width, self.least)
        if key not in self._made:
            while len(self._made) >= KEPT:
                del self._made[next(iter(self._made))]
            self._made[key] = NetworkTensors(group, key[1], self.device, self._capture, self._kernel(group))
        return self._made[key]

    def _kernel(self, group: NetGroup) -> Launch | None:
        if self._compile is None:
            return None
        if group not in self._kernels:
            self._kernels[group] = self._compile(group)
        return self._kernels[group]


def rounded_width(networks: int, least: int = LEAST) -> int:
    """The next 2**n or 3 * 2**n: a few graphs serve all widths, and the width is a function of the number of
    networks alone, so that a resumed training has the bits of an uninterrupted one."""
    power = 1 << max(networks - 1, least - 1).bit_length()
    return power * 3 // 4 if networks <= power * 3 // 4 and power > least else power


class NetworkTensors:
    """Up to `width` networks of a group; what is left are networks that have ended."""

    def __init__(
        self, group: NetGroup, width: int, device: str, capture: Capture, kernel: Launch | None
    ) -> None:
        self.group, self.width, self._kernel = group, width, kernel
        self._points = 8 if group.validates else 4
        rows, truth = np.concatenate([ROWS, NEAR]), np.concatenate([TRUTH, NEAR_TRUTH])
        with_bias = np.concatenate([rows, np.ones((8, 1))], axis=1)[: self._points]
        self._inputs = torch.tensor(with_bias, dtype=torch.float32, device=device)  # (points, 3)
        signs = torch.tensor(1 - 2 * truth[: self._points], dtype=torch.float32, device=device)
        self._signs = signs[:, None]  # (points, 1): a score times it is above 0 where the answer is wrong
        self._fields = _empty(group, width, device)
        self._active = torch.zeros(width, dtype=torch.bool, device=device)
        self._epoch = torch.zeros((), dtype=torch.int32, device=device)
        self._mean, self._root = (torch.ones(BLOCK, device=device) for _ in range(2))
        self._outputs = torch.zeros(self._points, group.hidden, width, device=device)
        self._scores = torch.zeros(self._points, width, device=device)
        self._zero = torch.zeros((), device=device)
        self._capture = capture
        self._replays: tuple[Body, Body] | None = None  # of BLOCK epochs, and of one

    # --- in and out -----------------------------------------------------------------------------------------

    def load(self, nets: NetArrays, names: tuple[str, ...] = FIELDS) -> None:
        for name in names:
            field = self._fields[name]
            values = getattr(nets, name)
            if name == "patience":
                values = np.where(values == 0, NEVER, values)
            field[..., : nets.width].copy_(torch.from_numpy(values))
            field[..., nets.width :] = STOPPED if name == "outcome" else 0

    def unload(self, nets: NetArrays) -> None:
        """The fields that training changes."""
        for name in MUTABLE_FIELDS:
            getattr(nets, name)[...] = self._fields[name][..., : nets.width].cpu().numpy()

    def train(self, done: int, epochs: int) -> None:
        mean, root = (torch.from_numpy(one).to(self._mean.device) for one in corrections(done + 1, epochs))
        if self._kernel is not None:
            self._kernel(self._fields, mean, root, done, epochs, self.width)
        else:
            self._train_by_graph(done, epochs, mean, root)

    def _train_by_graph(self, done: int, epochs: int, mean: Tensor, root: Tensor) -> None:
        if self._replays is None:
            self._replays = self._captured()
        many, single = self._replays
        torch.eq(self._fields["outcome"], RUNNING, out=self._active)
        self._epoch.fill_(done)
        self._forward()
        for start in range(0, epochs, BLOCK):
            count = min(BLOCK, epochs - start)
            at_once = count if count == BLOCK else 1
            for at in range(start, start + count, at_once):
                self._mean[:at_once].copy_(mean[at : at + at_once])
                self._root[:at_once].copy_(root[at : at + at_once])
                (many if at_once == BLOCK else single)()

    def evaluate(self, count: int) -> tuple[Singles, Singles, NDArray[np.int32]]:
        """Of the first `count` networks."""
        self._forward()
        losses = [self._loss(4), self._loss(self._points)]
        right = (self._scores[:4] < 0).sum(0, dtype=torch.int32)
        loss, val_loss = (one[:count].cpu().numpy() for one in losses)
        return loss, val_loss, right[:count].cpu().numpy()

    def _captured(self) -> tuple[Body, Body]:
        """What the warm-up changes is put back."""
        kept = {name: field.clone() for name, field in self._fields.items()}
        many, single = (lambda: self._epochs(BLOCK)), (lambda: self._epochs(1))
        try:
            return self._capture(many, single), self._capture(single, single)
        except RuntimeError as error:
            first = next(iter(str(error).splitlines()), "")
            print(f"Epochs are started one by one, more slowly: no CUDA graph could be made: {first}")
            return many, single
        finally:
            for name, field in self._fields.items():
                field.copy_(kept[name])

    # --- epochs ---------------------------------------------------------------------------------------------

    def _epochs(self, count: int) -> None:
        for number in range(count):
            self._epoch += 1
            self._track_best(self._loss(4), "best_loss")
            self._update(self._gradient(), number)
            self._forward()
            loss = self._loss(self._points) if self.group.validates else None
            if loss is not None:
                self._track_best(loss, "best_val_loss")
            self._end_networks(loss)

    def _forward(self) -> None:
        """Outputs of the hidden units (points, k, W), and signed scores (points, W): above 0 the answer is
        wrong."""
        k, weights, sharp = self.group.hidden, self._fields["weights"], self._fields["sharpness"]
        scores = self._scores
        scores.copy_(weights[-1].expand_as(scores))
        if self.group.bypass:
            scores += self._inputs[:, :2] @ weights[3 * k : 3 * k + 2]
        if k:
            z = (self._inputs @ weights[: 3 * k].view(3, -1)).view(self._points, k, self.width)
            self._activate(z, sharp)
            scores += (self._outputs * weights[-1 - k : -1]).sum(1)
        scores *= sharp * self._signs

    def _activate(self, z: Tensor, sharp: Tensor) -> None:
        kind = self.group.activation
        if kind == "tanh":
            torch.tanh(z, out=self._outputs)
        elif kind == "relu":
            torch.clamp(z, min=0, out=self._outputs)
        else:
            torch.sigmoid(z.mul_(sharp), out=self._outputs)

    def _loss(self, points: int) -> Tensor:
        """(W,) the mean over the points."""
        scores = self._scores[:points]
        if self.group.loss == "mse":
            return torch.sigmoid(scores).square_().mean(0)
        return (scores.clamp(min=0) + torch.exp(-scores.abs()).log1p_()).mean(0)

    def _gradient(self) -> Tensor:
        """(P, W) of the four rows."""
        k, weights, sharp = self.group.hidden, self._fields["weights"], self._fields["sharpness"]
        p = torch.sigmoid(self._scores[:4])
        if self.group.loss == "mse":
            p = p * (p * (1 - p)) * 2
        errors = p * (self._signs[:4] / 4) * sharp  # (4, W)
        parts = []
        if k:
            outputs = self._outputs[:4]
            slopes = errors[:, None] * self._slope(outputs) * weights[-1 - k : -1]
            if self.group.activation in ("btu", "sigmoid"):
                slopes = slopes * sharp
            parts.append((self._inputs[:4].t() @ slopes.view(4, -1)).view(3 * k, self.width))
        if self.group.bypass:
            parts.append(self._inputs[:4, :2].t() @ errors)
        if k:
            parts.append((errors[:, None] * outputs).sum(0))
        return torch.cat([*parts, errors.sum(0, keepdim=True)])

    def _slope(self, outputs: Tensor) -> Tensor:
        if self.group.activation == "tanh":
            return 1 - outputs * outputs
        if self.group.activation == "relu":
            return (outputs > 0).to(outputs.dtype)
        return outputs * (1 - outputs)

    def _update(self, gradient: Tensor, number: int) -> None:
        """The update of optimizer step `number` of the block, for networks that train."""
        rate, kind = self._fields["lr"], self.group.optimizer
        first, second = self._fields["first"], self._fields["second"]
        if kind == "sgd":
            change = gradient * rate
        elif kind == "momentum":
            change = first.mul_(0.9).add_(gradient) * rate
        else:
            first.mul_(0.9).add_(gradient, alpha=NEW_FIRST)
            second.mul_(0.999).addcmul_(gradient, gradient, value=NEW_SECOND)
            change = first * (rate * self._mean[number]) / (second.sqrt() * self._root[number] + 1e-8)
        self._fields["weights"].sub_(torch.where(self._active, change, self._zero))

    def _track_best(self, loss: Tensor, name: str) -> None:
        """Keep the smallest loss, and its epoch."""
        best, at = self._fields[name], self._fields[f"{name}_at"]
        is_better = self._active & (loss < best)
        best.copy_(torch.where(is_better, loss, best))
        at.copy_(torch.where(is_better, self._epoch, at))

    def _end_networks(self, loss: Tensor | None) -> None:
        """Early stopping by the validation loss, and networks that diverged."""
        fields, active = self._fields, self._active
        waited, outcome, best = fields["waited"], fields["outcome"], fields["best"]
        is_broken = active & ~(fields["weights"][-1].abs() < torch.inf)
        waited += active
        if loss is not None:
            is_better = active & (loss < best - fields["min_delta"])
            best.copy_(torch.where(is_better, loss, best))
            waited.mul_(~is_better)
            has_won = active & (waited >= fields["patience"]) & (best < fields["target"])
            outcome.masked_fill_(has_won, SUCCESS)
        outcome.masked_fill_(is_broken, DIVERGED)
        fields["stop"].copy_(torch.where(active, self._epoch, fields["stop"]))
        active &= outcome == RUNNING


def _empty(group: NetGroup, width: int, device: str) -> dict[str, Any]:
    """Zeros for every field of NetArrays; every network has ended."""
    rows = {"weights": group.size, "first": group.size if group.slots else 0,
            "second": group.size if group.slots > 1 else 0}  # fmt: skip
    whole = ("patience", "waited", "outcome", "stop", "best_loss_at", "best_val_loss_at")
    made = {}
    for name in FIELDS:
        size = (rows[name], width) if name in rows else (width,)
        made[name] = torch.zeros(size, dtype=torch.int32 if name in whole else torch.float32, device=device)
    made["outcome"].fill_(STOPPED)
    return made

"""The framework-neutral layout of `model.safetensors`.

Dense          weight (out, in), bias (out)
Convolution    weight (out, in, height, width), bias (out)
Embedding      weight (words, width)
LSTM           l0.kernel (in, 4H), l0.recurrent (H, 4H), l0.bias (4H), gates in the order i, f, g, o;
               further layers are l1, l2, ...; the backward direction is l0_reverse, l1_reverse, ...

Names are those of the model's parts, joined by dots. Only the LSTM differs from PyTorch, where both matrices
are transposed and there are two biases, which are added. The two cannot be restored bit for bit from their
sum, so they are saved in `train.safetensors` for an exact resume; without them bias_hh is 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_TORCH = re.compile(r"(weight_ih|weight_hh|bias_ih|bias_hh)_(l\d+(?:_reverse)?)")
_NEUTRAL = re.compile(r"(l\d+(?:_reverse)?)\.(kernel|recurrent|bias)")
_MATRICES = {"weight_ih": "kernel", "weight_hh": "recurrent"}


def from_torch(state: Mapping[str, Array], lstms: Iterable[str]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Neutral arrays, and the bias pairs by their PyTorch names. `lstms` are the paths of LSTM modules."""
    neutral: dict[str, Array] = {}
    biases: dict[str, Array] = {}
    for name, array in state.items():
        path, leaf = _lstm_leaf(name, lstms)
        match = _TORCH.fullmatch(leaf) if leaf else None
        if match is None:
            neutral[name] = array
        elif match[1] in _MATRICES:
            neutral[f"{path}{match[2]}.{_MATRICES[match[1]]}"] = array.T.copy(order="C")
        else:
            biases[name] = array
            summed = f"{path}{match[2]}.bias"
            neutral[summed] = neutral[summed] + array if summed in neutral else array
    return neutral, biases


def to_torch(
    neutral: Mapping[str, Array], lstms: Iterable[str], biases: Mapping[str, Array] | None = None
) -> dict[str, Array]:
    """The state dict of a PyTorch model. Raises ValueError when `biases` do not fit the weights."""
    state: dict[str, Array] = {}
    for name, array in neutral.items():
        path, leaf = _lstm_leaf(name, lstms)
        match = _NEUTRAL.fullmatch(leaf) if leaf else None
        if match is None:
            state[name] = array
        elif match[2] == "bias":
            state |= _bias_pair(f"{path}bias_ih_{match[1]}", f"{path}bias_hh_{match[1]}", array, biases)
        else:
            side = "ih" if match[2] == "kernel" else "hh"
            state[f"{path}weight_{side}_{match[1]}"] = array.T.copy(order="C")
    return state


def _bias_pair(ih: str, hh: str, bias: Array, biases: Mapping[str, Array] | None) -> dict[str, Array]:
    if biases is None:
        return {ih: bias, hh: np.zeros_like(bias)}
    if ih not in biases or hh not in biases:
        raise ValueError(f"{ih} and {hh} are not both there")
    if (biases[ih] + biases[hh]).tobytes() != bias.tobytes():
        raise ValueError(f"{ih} and {hh} do not add up to the bias of the model")
    return {ih: biases[ih], hh: biases[hh]}


def _lstm_leaf(name: str, lstms: Iterable[str]) -> tuple[str, str]:
    """The path of the LSTM of a tensor with a dot, and the rest of its name; ("", "") outside an LSTM."""
    for path in lstms:
        start = f"{path}." if path else ""
        if name.startswith(start):
            return start, name[len(start) :]
    return "", ""

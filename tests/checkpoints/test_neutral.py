"""The LSTM of the neutral layout: a NumPy LSTM over it says what PyTorch says, and the way back is exact."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from checkpoints import neutral
from checkpoints.tensors import Array


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def numpy_lstm(weights: dict[str, Array], layer: str, inputs: Array) -> Array:
    """(T, in) to (T, H), gates i, f, g, o, straight from the definition."""
    kernel, recurrent = weights[f"{layer}.kernel"], weights[f"{layer}.recurrent"]
    bias = weights.get(f"{layer}.bias", np.zeros(kernel.shape[1]))
    hidden = cell = np.zeros(recurrent.shape[0])
    outputs = []
    for x in inputs:
        i, f, g, o = np.split(x @ kernel + hidden @ recurrent + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        outputs.append(hidden)
    return np.stack(outputs)


def state_of(model: nn.Module) -> dict[str, Array]:
    return {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("bias", [True, False])
def test_a_numpy_lstm_over_the_neutral_layout_agrees_with_pytorch(bias: bool) -> None:
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 5, num_layers=2, bidirectional=True, bias=bias)
    weights, _ = neutral.from_torch(state_of(lstm), [""])
    assert weights["l0.kernel"].shape == (3, 20)
    assert weights["l1.kernel"].shape == (10, 20)
    assert weights["l0_reverse.recurrent"].shape == (5, 20)
    assert len(weights) == (12 if bias else 8)
    inputs = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    signal: Array = inputs
    for layer in ("l0", "l1"):
        ahead = numpy_lstm(weights, layer, signal)
        back = numpy_lstm(weights, f"{layer}_reverse", signal[::-1])[::-1]
        signal = np.concatenate([ahead, back], axis=1)
    expected = lstm(torch.from_numpy(inputs))[0].detach().numpy()
    np.testing.assert_allclose(signal, expected, atol=1e-6)


def test_the_way_back_is_exact_and_leaves_other_parts_alone() -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict({"words": nn.Embedding(9, 3), "rnn": nn.LSTM(3, 4, 2), "out": nn.Linear(4, 9)})
    state = state_of(model)
    weights, biases = neutral.from_torch(state, ["rnn"])
    assert sorted(weights) == sorted(
        ["words.weight", "out.weight", "out.bias"]
        + [f"rnn.l{layer}.{part}" for layer in (0, 1) for part in ("kernel", "recurrent", "bias")]
    )
    assert sorted(biases) == [f"rnn.bias_{side}_l{layer}" for side in ("hh", "ih") for layer in (0, 1)]
    back = neutral.to_torch(weights, ["rnn"], biases)
    assert back.keys() == state.keys()
    assert all(back[name].tobytes() == state[name].tobytes() for name in state)


def test_weights_of_another_framework_get_a_second_bias_of_zero() -> None:
    lstm = nn.LSTM(3, 4)
    weights, _ = neutral.from_torch(state_of(lstm), [""])
    state = neutral.to_torch(weights, [""])
    assert state["bias_ih_l0"].tobytes() == weights["l0.bias"].tobytes()
    assert state["bias_hh_l0"].tobytes() == bytes(16 * 4)
    again, _ = neutral.from_torch(state, [""])
    assert {name: array.tolist() for name, array in again.items()} == {
        name: array.tolist() for name, array in weights.items()
    }


def test_biases_of_other_weights_are_refused() -> None:
    weights, biases = neutral.from_torch(state_of(nn.LSTM(3, 4)), [""])
    weights["l0.bias"] = np.nextafter(weights["l0.bias"], np.float32(9))
    with pytest.raises(ValueError, match="do not add up"):
        neutral.to_torch(weights, [""], biases)
    with pytest.raises(ValueError, match="not both there"):
        neutral.to_torch(weights, [""], {"bias_ih_l0": biases["bias_ih_l0"]})


def test_names_outside_an_lstm_are_left_alone_even_when_they_look_like_one() -> None:
    state = {"cell.weight_ih_l0": np.zeros((4, 2), np.float32), "rnn2.bias_ih_l0": np.zeros(4, np.float32)}
    weights, biases = neutral.from_torch(state, ["rnn"])
    assert weights.keys() == state.keys() and biases == {}
    assert neutral.to_torch(weights, ["rnn"], biases).keys() == state.keys()

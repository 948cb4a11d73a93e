"""The order of layers: read, guessed, and refused where the tensors are others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.experiments.mnist import network
from engine.models.images import architecture
from tests.engine.models.images.nets import with_norms


def tensors_of(model: str, side: int = 28) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in network(model, side).state_dict().items()}


def written(**other: Any) -> dict[str, Any]:
    layers = [{"kind": "flat", "name": "flat"}, {"kind": "dense", "name": "output"}]
    return {"kind": "conv_net", "side": 28, "divisor": 127.5, "mean": 1.0, "layers": layers, **other}


def test_the_order_in_model_json_is_used() -> None:
    plan = architecture.read(written(divisor=255, mean=0.13))
    net = architecture.build(tensors_of("logistic"), plan)
    assert [layer.name for layer in net.layers] == ["flat", "output"]
    assert (net.divisor, net.mean) == (255, 0.13)


@pytest.mark.parametrize("side", [28, 8])
def test_without_one_the_side_and_the_pooling_follow_from_the_shapes(side: int) -> None:
    plan = architecture.infer(tensors_of("double_conv", side))
    kinds = [str(line["kind"]) for line in plan.layers]
    assert plan.side == side
    assert kinds == ["conv", "pool", "relu", "conv", "pool", "relu", "flat", "dense", "relu", "dense"]


def test_a_batch_norm_follows_its_convolution() -> None:
    tensors = {name: tensor.numpy() for name, tensor in with_norms().state_dict().items() if tensor.ndim}
    names = [line["name"] for line in architecture.infer(tensors).layers]
    assert names.index("norm1") == names.index("conv1") + 1
    assert names.index("norm2") == names.index("conv2") + 1


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"kind": "lstm_lm"}, "kind 'lstm_lm', expected 'conv_net'"),
        ({"layers": []}, "a list of 1 to 200"),
        ({"layers": [7]}, "an object with a name"),
        ({"side": "wide"}, "side, divisor and mean"),
        ({"side": 10**9}, "no such pictures"),
        ({"divisor": 0}, "no such pictures"),
    ],
)
def test_an_invalid_model_json_is_refused_by_name(other: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        architecture.read(written(**other))


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([{"kind": "dense", "name": "output"}], "output cannot take 1x28x28"),
        ([{"kind": "flat", "name": "flat"}], "output.bias belongs to no layer"),
        ([*written()["layers"], {"kind": "pool", "name": "late"}], "late cannot take 10"),
        ([{"kind": "flat", "name": "flat"}, {"kind": "dense", "name": "other"}], "other.weight is missing"),
        ([{"kind": "conv", "name": "output"}], "output.weight has 2 dimensions, expected 4"),
        ([{"kind": "pool", "name": "huge", "size": 10**9}], "huge pools 1000000000 pixels, expected 2 to 8"),
        ([{"kind": "magic", "name": "output"}], "kind 'magic' is not known"),
    ],
)
def test_an_order_that_the_tensors_do_not_have_is_refused(layers: list[dict[str, str]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        architecture.build(tensors_of("logistic"), architecture.read(written(layers=layers)))


@pytest.mark.parametrize("padding", [-1, 10**9, 2.0, "wide", None, [2]])
def test_an_invalid_padding_allocates_nothing(padding: object) -> None:
    lines = [{"kind": "conv", "name": "conv1", "padding": padding}]
    with pytest.raises(ValueError, match=r"conv1 has padding .*, expected 0 to 32"):
        architecture.build(tensors_of("double_conv"), architecture.read(written(layers=lines)))


def test_tensors_that_fit_nowhere_are_refused() -> None:
    tensors = tensors_of("double_conv")
    tensors["hidden.weight"] = np.zeros((1024, 77), dtype=np.float32)
    with pytest.raises(ValueError, match="no order of conv1, conv2, hidden, output fits"):
        architecture.infer(tensors)
    with pytest.raises(ValueError, match="no layers"):
        architecture.infer({})


def conv_plan() -> architecture.Architecture:
    return architecture.infer(tensors_of("double_conv", 8))


@pytest.mark.parametrize("name", sorted(tensors_of("double_conv", 8)))
@pytest.mark.parametrize("odd", ["missing", "int8", "float64", "float16", "shorter", "nan"])
def test_every_tensor_has_its_name_its_shape_and_its_dtype(name: str, odd: str) -> None:
    tensors, plan = tensors_of("double_conv", 8), conv_plan()
    if odd == "missing":
        del tensors[name]
    elif odd == "shorter":
        tensors[name] = tensors[name][:-1]
    elif odd == "nan":
        tensors[name] = np.full_like(tensors[name], np.nan)
    else:
        tensors[name] = tensors[name].astype(odd)
    with pytest.raises(ValueError, match=r"missing|expected|cannot take|not finite"):
        architecture.build(tensors, plan)
        if odd == "shorter" and name.startswith("output"):  # nine classes; who opens a run says ten
            raise ValueError("expected ten")


def test_a_tensor_that_no_layer_has_is_refused() -> None:
    tensors = tensors_of("double_conv", 8) | {"conv1.extra": np.zeros(3, np.float32)}
    with pytest.raises(ValueError, match=r"conv1\.extra belongs to no layer"):
        architecture.build(tensors, conv_plan())


@pytest.mark.parametrize("part", ["weight", "bias", "running_mean", "running_var"])
def test_a_batch_norm_has_all_its_tensors(part: str) -> None:
    tensors = {name: tensor.numpy() for name, tensor in with_norms().state_dict().items() if tensor.ndim}
    plan = architecture.infer(tensors)
    del tensors[f"norm1.{part}"]
    with pytest.raises(ValueError, match=rf"norm1\.{part} is missing"):
        architecture.build(tensors, plan)

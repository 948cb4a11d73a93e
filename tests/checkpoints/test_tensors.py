"""Arrays and their bytes: identical after a round trip, and invalid files are refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from checkpoints import tensors
from checkpoints.errors import CheckpointError
from checkpoints.tensors import Array

DTYPES = [np.dtype(name) for name in tensors._DTYPES.values()]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
ANY_BITS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: SHAPES.flatmap(
        lambda shape: st.builds(lambda seed: bits(seed, dtype, shape), st.integers(0, 2**32))
    )
)


def bits(seed: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """An array of random bits: NaNs of every payload, infinities and subnormal numbers among them."""
    random = np.random.default_rng(seed)
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    count = int(np.prod(shape)) * dtype.itemsize
    return np.frombuffer(random.bytes(count), dtype).reshape(shape)


def container(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def entry(dtype: str, shape: Sequence[float], begin: int, end: int) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=9).filter(lambda name: name.isprintable()), ANY_BITS, max_size=5
    )
)
def test_every_array_comes_back_with_every_bit(arrays: dict[str, Array]) -> None:
    data = tensors.dumps(arrays)
    back = tensors.loads(data)
    assert tensors.scan(data) == len(arrays)
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].tobytes() == array.tobytes()
        assert back[name].flags.writeable and back[name].flags.aligned
    assert tensors.weights_sha256(back) == tensors.weights_sha256(arrays)
    assert tensors.dumps(back) == data


@settings(deadline=None)
@given(hnp.arrays(np.float32, SHAPES), hnp.arrays(np.float32, SHAPES))
def test_equal_fingerprints_mean_equal_arrays(one: Array, other: Array) -> None:
    same = one.shape == other.shape and one.tobytes() == other.tobytes()
    assert (tensors.weights_sha256({"w": one}) == tensors.weights_sha256({"w": other})) == same


def test_order_layout_and_byte_order_do_not_change_the_fingerprint_but_sign_name_dtype_and_shape_do() -> None:
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    whole = tensors.weights_sha256({"a": array, "b": array})
    turned = np.asfortranarray(array.astype(">f4"))
    assert tensors.weights_sha256({"b": turned, "a": turned}) == whole
    assert tensors.loads(tensors.dumps({"a": turned}))["a"].tobytes() == array.tobytes()
    others = [{"a": array}, {"a": array, "c": array}, {"a": array.astype("<f8"), "b": array}]
    others += [{"a": array.reshape(3, 2), "b": array}, {"a": array * np.float32(-1) * 0, "b": array}]
    assert whole not in {tensors.weights_sha256(other) for other in others}
    zero = np.zeros(1, "<f4")
    assert tensors.weights_sha256({"a": zero}) != tensors.weights_sha256({"a": -zero})


@pytest.mark.parametrize("dtype", [object, "U3", "M8[s]", np.float128, np.complex128])
def test_a_dtype_without_a_safetensors_name_is_refused_by_name(dtype: Any) -> None:
    with pytest.raises(CheckpointError, match=r"Tensor fc\.weight has dtype"):
        tensors.dumps({"fc.weight": np.zeros(2, dtype)})


FOUR = b"\0" * 4
TWICE = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        (1 << 63).to_bytes(8, "little"),
        container(b""),
        container(b"[]"),
        container(b"{"),
        container(b"\xff"),
        container({"a": entry("F32", [1], 0, 4)}),
        container({"a": entry("F32", [1], 0, 4)}, FOUR + b"\0"),
        container({"a": entry("F32", [2], 0, 4)}, FOUR),
        container({"a": entry("F32", [1], 1, 5)}, FOUR + b"\0"),
        container({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 0, 4)}, FOUR),
        container({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)}, FOUR * 3),
        container({"a": entry("F32", [-1, -1], 0, 4)}, FOUR),
        container({"a": entry("F32", [True], 0, 4)}, FOUR),
        container({"a": entry("F32", [0.5, 2], 0, 4)}, FOUR),
        container({"a": entry("F32", [1 << 96], 0, 4)}, FOUR),
        container({"a": entry("F32", [1] * 33, 0, 4)}, FOUR),
        container({"a": entry("BF16", [2], 0, 4)}, FOUR),
        container({"a": entry("F4", [1], 0, 4)}, FOUR),
        container({"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}, FOUR),
        container({"a": entry("F32", [1], 0, 4) | {"more": 1}}, FOUR),
        container({"a": [1]}, FOUR),
        container({"__metadata__": {"x": 1}}),
        container(b"{%s,%s}" % (TWICE, TWICE), FOUR),
        container({str(i): entry("U8", [0], 0, 0) for i in range(tensors.TENSOR_LIMIT + 1)}),
        container(b'{"a":' + b"[" * 200_000),
        container(b" " * (tensors.HEADER_LIMIT + 1)),
    ],
)  # fmt: skip
def test_a_container_that_is_not_exact_is_refused_with_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        tensors.loads(data)


@settings(deadline=None)
@given(st.binary(max_size=64), st.integers(0, 80))
def test_no_bytes_break_the_reader(data: bytes, size: int) -> None:
    try:
        tensors.loads(size.to_bytes(8, "little") + data)
    except ValueError:
        pass


def test_the_first_tensor_that_is_not_finite_is_named() -> None:
    good = np.ones(3, np.float32)
    assert tensors.not_finite({"a": good, "i": np.arange(3), "e": np.zeros((0, 2), np.float32)}) is None
    for bad in (np.nan, np.inf, -np.inf):
        assert tensors.not_finite({"a": good, "b": np.array([1, bad], np.float32)}) == "b"
    assert tensors.not_finite({"z": np.array(complex(0, np.inf), np.complex64)}) == "z"

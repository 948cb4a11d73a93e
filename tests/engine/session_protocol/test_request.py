"""Answers of a session are read strictly: unknown fields, wrong types and missing fields are errors."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest

from engine import frames
from engine.errors import ProtocolError
from engine.session_protocol.request import Request, read_answer
from engine.session_protocol.xor import LookPoint, XorLosses
from engine.typed_json import fields_of


@dataclass(frozen=True, slots=True)
class PointRequest(Request[LookPoint]):
    METHOD = "xor.point"

    near: float | None = None


POINT = {"inputs": [0.0, 1.0], "target": None, "output": 0.25, "is_row": False}


def test_an_answer_becomes_its_type_and_the_same_bytes_again() -> None:
    read = read_answer(PointRequest(), POINT)
    assert read == LookPoint([0.0, 1.0], None, 0.25, False)
    assert frames.encode({"answer": read}) == frames.encode({"answer": POINT})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": 1}, "more: expected no such field"),
        ({"output": "0.25"}, "output: expected a number"),
        ({"is_row": 1}, "is_row: expected true or false"),
        ({"inputs": [0.0, "x"]}, r"inputs\[1\]: expected a number"),
        ({"output": None}, "output: expected a number"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_its_method(change: Any, message: str) -> None:
    with pytest.raises(ProtocolError, match=f"xor.point cannot be read: {message}"):
        read_answer(PointRequest(), POINT | change)


def test_an_answer_without_a_field_is_refused() -> None:
    with pytest.raises(ProtocolError, match="is_row: expected a value, got nothing"):
        read_answer(PointRequest(), {name: POINT[name] for name in ("inputs", "target", "output")})


def test_numbers_that_json_does_not_have_are_text() -> None:
    losses = XorLosses(math.inf, 0.5, math.nan, None)
    assert json.dumps(losses, allow_nan=False, default=fields_of) == (
        '{"sse": "inf", "mse": 0.5, "bce": "nan", "val_bce": null}'
    )


def test_a_parameter_that_was_not_given_is_left_out() -> None:
    assert (fields_of(PointRequest()), fields_of(PointRequest(0.5))) == ({}, {"near": 0.5})

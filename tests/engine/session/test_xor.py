"""Methods `xor.*`."""

from __future__ import annotations

import pytest

from engine.errors import ParamError
from engine.places import Places
from engine.protocol import Json
from engine.session.cache import SessionCache
from tests.engine.session.requests import request


@pytest.fixture
def session_cache(places: Places) -> SessionCache:
    return SessionCache(places)


def test_the_presets_solve_xor(session_cache: SessionCache) -> None:
    presets = request(session_cache, "xor.presets")
    names = [preset["name"] for preset in presets["networks"]]
    assert names == ["1 unit + bypass", "2 units", "4 units", "1 SiLU unit"]
    silu = presets["networks"][-1]["net"]
    assert request(session_cache, "xor.look", **silu)["right"] == 4 and silu["activation"] == "silu"
    for preset in presets["networks"][:3]:
        seen = request(session_cache, "xor.look", **preset["net"], width=6, height=4)
        assert seen["losses"]["sse"] == 0.0 and seen["right"] == 4
        assert [row["output"] for row in seen["rows"]] == pytest.approx([0, 1, 1, 0])
        assert seen["output"]["gate"] == "XOR"
        assert (len(seen["plane"]), {len(row) for row in seen["plane"]}) == (4, {6})
        assert len(seen["units"]) == len(preset["net"]["hidden_bias"])
    assert [puzzle["name"] for puzzle in presets["puzzles"]] == ["AND", "OR", "NAND", "XNOR", "XOR"]
    assert [round(rung["floor"], 4) for rung in presets["ladder"]] == [0.6931, 0.4774, 0.0, 0.0]


def test_a_puzzle_has_its_own_targets_and_no_validation_points(session_cache: SessionCache) -> None:
    puzzle = request(session_cache, "xor.presets")["puzzles"][0]
    seen = request(session_cache, "xor.look", **puzzle["net"])
    assert [row["target"] for row in seen["rows"]] == puzzle["targets"] == [0, 0, 0, 1]
    assert [point["target"] for point in seen["points"]] == [0, 0, 0, 1, None, None, None, None]
    assert seen["losses"]["val_bce"] is None
    solved = {**puzzle["net"], "output_weight": [1, 1], "output_bias": -1.5}
    seen = request(session_cache, "xor.look", **solved)
    assert (seen["right"], seen["output"]["gate"]) == (4, "AND")
    assert seen["output"]["ends"] == [[0.0, 1.5], [1.5, 0.0]]


def test_units_have_their_line_gate_and_outputs(session_cache: SessionCache) -> None:
    net = {"hidden_weight": [[1, 1]], "hidden_bias": [-1.5], "output_weight": [1, 1, -2], "output_bias": -0.5}
    (unit,) = request(session_cache, "xor.look", **net, bypass=True)["units"]
    assert (unit["a"], unit["b"], unit["c"], unit["gate"]) == (1, 1, -1.5, "AND")
    assert unit["ends"] == [[0.0, 1.5], [1.5, 0.0]]
    assert unit["outputs"] == pytest.approx([0, 0, 0, 1])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 0}, "width: expected a whole number from 1 to 400, got 0"),
        ({"height": 1e9}, "height: expected a whole number"),
        ({"targets": [0, 1, 2, 0]}, "targets: expected four times 0 or 1"),
        ({"temperature": -1}, "temperature: expected a number above 0"),
        ({"output_weight": [1]}, "output_weight: expected 2 numbers"),
        ({"activation": "\x1b[2J"}, "activation: expected one of"),
    ],
)
def test_wrong_parameters_are_an_error_of_one_line(
    session_cache: SessionCache, wrong: Json, message: str
) -> None:
    net = request(session_cache, "xor.presets")["networks"][1]["net"]
    with pytest.raises(ParamError, match=message) as error:
        request(session_cache, "xor.look", **{**net, **wrong})
    assert "\n" not in str(error.value) and "\x1b" not in str(error.value)

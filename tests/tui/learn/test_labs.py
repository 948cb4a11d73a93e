"""What the gates of the course hand to the XOR tab."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from engine.aids.gate_lab import PUZZLES, GateLabParams, network
from tui.learn.labs import gate_selection


@pytest.mark.parametrize("puzzle", PUZZLES)
def test_the_lab_gets_the_network_and_the_outputs_that_the_aid_computes_with(puzzle: str) -> None:
    params = GateLabParams(puzzle, *(0.5 * place for place in range(1, 12)), T=0.25)
    expected, given = network(params), gate_selection(asdict(params))["net"]
    assert given["hidden_weight"] == expected.hidden_weight.tolist()
    assert given["hidden_bias"] == expected.hidden_bias.tolist()
    assert given["output_weight"] == expected.output_weight.tolist()
    assert (given["output_bias"], given["bypass"]) == (expected.output_bias, expected.bypass)
    assert (given["activation"], given["temperature"]) == (expected.activation, expected.temperature)
    assert tuple(given["targets"]) == PUZZLES[puzzle]

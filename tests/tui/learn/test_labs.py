"""What the aids of the course hand to the tabs that have the thing itself."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from engine.aids import catalog, ladder
from engine.aids.catalog import compute
from engine.aids.gate_lab import PUZZLES, GateLabParams, network
from engine.models.xor.xor_net import FLOORS, ROWS, net
from engine.session_protocol.learn import AidLine
from tui.learn.labs import LABS, SELECTIONS, SHAPES, ShownAid, gate_selection, lab_of, why_no_lab


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


WITH_LAB = [entry.name for entry in catalog.AIDS if entry.lab]


def line_of(name: str) -> AidLine:
    entry = catalog.entry(name)
    experiment, settings = catalog.START_WITH.get(name, ("", {}))
    return AidLine(
        name, entry.title, f"l{entry.lecture:02}", entry.kind, entry.drawing, entry.how, "", entry.lab, False,
        [], {}, experiment, settings,
    )  # fmt: skip


def shown(name: str, run: str = "", **given: object) -> ShownAid:
    made = compute(name, given)
    params = asdict(catalog.build(catalog.module(name).PARAMS, given))
    return ShownAid(params, made.values, made.data, run)


def test_every_lab_that_an_aid_names_is_one_that_is_handed_something_and_no_other() -> None:
    assert set(WITH_LAB) == set(SELECTIONS)
    assert {catalog.entry(name).lab for name in WITH_LAB} == set(LABS)


@pytest.mark.parametrize("name", WITH_LAB)
def test_a_lab_of_a_run_is_opened_with_the_run_of_the_aid_and_an_example_is_in_no_lab(name: str) -> None:
    if name in catalog.START_WITH:
        assert lab_of(line_of(name), shown(name)) is None and "n starts" in why_no_lab(line_of(name))
    opened = lab_of(line_of(name), shown(name, "the run"))
    assert opened is not None and opened.returns_to == "learn" and opened.selection
    assert (opened.selection.get("run") == "the run") == (name in catalog.START_WITH)


def test_an_aid_without_a_lab_says_that_it_is_the_thing_itself() -> None:
    assert lab_of(line_of("census"), ShownAid({})) is None
    assert why_no_lab(line_of("census")).startswith("No lab shows Which functions one unit can do")


@pytest.mark.parametrize("shape", ladder.SHAPES)
def test_the_architectures_are_those_of_the_ladder(shape: str) -> None:
    opened = lab_of(line_of("ladder"), shown("ladder", shape=shape))
    assert opened is not None and opened.selection == dict(
        zip(("hidden", "bypass"), SHAPES[shape], strict=True)
    )
    assert FLOORS[SHAPES[shape]] == pytest.approx(ladder.least(shape), abs=1e-12)


def test_a_unit_by_hand_has_the_temperature_of_the_aid() -> None:
    opened = lab_of(line_of("temperature"), shown("temperature", T=0.5, z=-1.5))
    assert opened is not None
    given = {name: value for name, value in opened.selection["net"].items() if name != "targets"}
    assert net(**given).output(ROWS[:1])[0] == pytest.approx(
        compute("temperature", {"T": 0.5, "z": -1.5}).values["output"]
    )


@pytest.mark.parametrize(("name", "part"), [("kernel", "picture"), ("augment", "copy")])
def test_a_picture_is_handed_over_dot_by_dot(name: str, part: str) -> None:
    made = shown(name)
    pixels = next(one["pixels"] for one in made.data["pictures"] if one["name"] == part)
    opened = lab_of(line_of(name), made)
    assert opened is not None and (opened.tab, opened.view) == ("mnist", "draw")
    given, most = opened.selection["pixels"], max(map(max, pixels))
    assert max(map(max, given)) == 255 and min(map(min, given)) >= 0
    assert all(
        abs(given[row][column] - 255 * max(0, pixels[row][column]) / most) <= 0.5
        for row in range(len(pixels)) for column in range(len(pixels[0]))
    )  # fmt: skip


def test_settings_and_lines_of_the_prompt_are_those_of_the_aid() -> None:
    some = lab_of(line_of("sampler"), shown("sampler", T=0.5, top_k=3))
    every = lab_of(line_of("sampler"), shown("sampler"))
    assert some is not None and some.selection == {"settings": {"temperature": 0.5, "topk": 3}}
    assert every is not None and every.selection["settings"]["topk"] == "all"
    gates = ShownAid({"text": "two dogs"}, data={"marks": "@u7"}, run="r")
    opened = lab_of(line_of("gates"), gates)
    assert opened is not None and opened.selection == {"run": "r", "line": "/gates @u7 two dogs"}

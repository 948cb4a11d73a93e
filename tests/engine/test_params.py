"""Parameters: text and JSON are parsed to values within bounds, or raise one line with what was expected."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.built_in_experiments import MnistParams, XorParams
from engine.errors import ParamError
from engine.params import (
    Param,
    Value,
    build,
    choice,
    declared,
    differing,
    flag,
    format_value,
    number,
    parse_value,
)


@dataclass(frozen=True)
class Odd:
    count: int = number(3, "how many", least=1, most=9)
    rate: float = number(0.5, "how fast", above=0, most=2, log=True, live=True)
    kind: str = choice("a", "which", ("a", "b"))
    on: bool = flag(True, "whether")


COUNT, RATE, KIND, ON = declared(Odd)


def test_parameters_are_declared_by_the_fields() -> None:
    assert Param("count", int, 3, "how many", least=1, most=9) == COUNT
    assert (RATE.live, RATE.log, KIND.choices, ON.kind) == (True, True, ("a", "b"), bool)
    assert [param.expected for param in declared(Odd)] == [
        "a whole number of 1 or more, at most 9",
        "a number above 0, at most 2",
        "one of a, b",
        "yes or no",
    ]


@pytest.mark.parametrize(
    ("param", "given_", "value"),
    [
        (COUNT, "7", 7), (COUNT, " 7 ", 7), (COUNT, 7, 7), (COUNT, 7.0, 7), (COUNT, "7e0", 7),
        (COUNT, "+7", 7),
        (RATE, "1e-3", 0.001), (RATE, 1, 1.0), (RATE, ".5", 0.5), (KIND, "b", "b"),
        (ON, "off", False), (ON, "YES", True), (ON, True, True), (ON, 0, False),
    ],
)  # fmt: skip
def test_valid_input_is_parsed(param: Param, given_: object, value: object) -> None:
    found = parse_value(param, given_)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("param", "given_"),
    [
        (COUNT, "0"), (COUNT, "10"), (COUNT, "1.5"), (COUNT, "many"), (COUNT, True), (COUNT, None),
        (COUNT, [1]),
        (COUNT, "9" * 100), (COUNT, "nan"), (COUNT, "inf"), (RATE, 0), (RATE, "nan"), (RATE, "inf"),
        (RATE, ""),
        (RATE, 2.1), (KIND, "c"), (KIND, 1), (ON, "maybe"), (ON, 2), (ON, ""),
    ],
)  # fmt: skip
def test_invalid_input_is_refused_with_name_and_bounds(param: Param, given_: object) -> None:
    with pytest.raises(ParamError) as error:
        parse_value(param, given_)
    assert error.value.message.startswith(f"{param.name}: expected {param.expected}, got ")


@given(st.text(max_size=100) | st.floats() | st.integers() | st.booleans() | st.none())
def test_any_parsed_value_is_within_bounds(given_: object) -> None:
    for param in declared(Odd):
        try:
            value = parse_value(param, given_)
        except ParamError as error:
            assert len(error.message) < 300
            continue
        assert type(value) is param.kind
        if not isinstance(value, bool | str):
            assert math.isfinite(value) and 0 < value <= 9


def test_missing_values_are_defaults_and_differing_gives_the_others() -> None:
    made = build(Odd, {"count": "5"})
    assert made == Odd(count=5)
    assert differing(Odd, dataclasses.asdict(made)) == {"count": 5}


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParamError, match="Unknown parameter 'speed'") as error:
        build(Odd, {"speed": 1})
    assert error.value.remedy == "It takes: count, rate, kind, on."


def test_values_that_are_invalid_together_are_refused() -> None:
    with pytest.raises(ParamError, match="hidden: expected 1 or more while bypass is off"):
        build(XorParams, {"hidden": 0})
    assert build(XorParams, {"hidden": 0, "bypass": True}).hidden == 0
    with pytest.raises(ParamError, match="patience: early stopping needs validation points"):
        build(XorParams, {"patience": 3})


@pytest.mark.parametrize("params", [XorParams, MnistParams])
def test_every_default_of_the_catalog_is_a_value_it_accepts(params: type) -> None:
    for param in declared(params):
        assert parse_value(param, param.default) == param.default
        assert param.help


OPEN_RATE = Param("lr", float, None, "learning rate", least=0, most=1, word="auto", texts=("off",))


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("auto", None),
        (None, None),
        (" auto ", None),
        ("off", "off"),
        ("0", 0.0),
        ("0.01", 0.01),
        ("0e-3", 0.0),
    ],
)
def test_a_number_may_have_a_word_for_not_given(given: object, value: object) -> None:
    assert parse_value(OPEN_RATE, given) == value


@pytest.mark.parametrize("given", ["-1", "never", "", "nan", True, "None"])
def test_other_words_and_numbers_are_refused_with_the_accepted_ones(given: object) -> None:
    with pytest.raises(ParamError, match="lr: expected auto, off or a number of 0 or more"):
        parse_value(OPEN_RATE, given)


def test_a_required_number_is_never_null() -> None:
    with pytest.raises(ParamError, match="n: expected a whole number"):
        parse_value(Param("n", int, 1, "count"), None)


@pytest.mark.parametrize(
    ("given", "of_a_number", "of_a_whole_number"),
    [
        ("01", "Write 1, or 0.01 with a decimal point.", "Write 1."),
        ("007", "Write 7, or 0.007 with a decimal point.", "Write 7."),
        ("-01", "Write -1, or -0.01 with a decimal point.", "Write -1."),
        ("00.5", "Leave out the leading zero.", ""),
        ("0,01", "Write 0.01: the decimal point is a dot.", ""),
        ("1,5", "Write 1.5: the decimal point is a dot.", ""),
    ],
)
def test_digits_behind_a_leading_zero_are_refused_with_a_hint_about_the_decimal_comma(
    given: str, of_a_number: str, of_a_whole_number: str
) -> None:
    for kind, remedy in ((float, of_a_number), (int, of_a_whole_number)):
        with pytest.raises(ParamError) as refused:
            parse_value(Param("x", kind, 1, "x"), given)
        assert refused.value.remedy == remedy


@pytest.mark.parametrize("value", [None, 0, 0.0, 0.1, 1e-7, 0.123456789012, 3.0, "off"])
def test_a_formatted_value_is_parsed_back_exactly(value: Value) -> None:
    assert (
        parse_value(OPEN_RATE if value != 3.0 else Param("x", float, 1, "x"), format_value(OPEN_RATE, value))
        == value
    )

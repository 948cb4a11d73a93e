"""Placeholders of a command, and the texts of their values."""

from __future__ import annotations

import pytest

from engine.exec import placeholders


@pytest.mark.parametrize(
    ("argument", "filled"),
    [
        ("{lr}", "0.1"),
        ("--lr={lr}", "--lr=0.1"),
        ("{lr}{lr}", "0.10.1"),
        ("{{lr}}", "{lr}"),
        ("{{lr}", "{lr}"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ('{{"lr": {lr}}}', '{"lr": 0.1}'),
        ("{}", "{}"),
        ("{0}", "{0}"),
        ("a}}b", "a}}b"),
        ("{text}", "two words; rm -r '$HOME' {lr}"),
    ],
)
def test_an_argument_is_filled_once_and_stays_one_argument(argument: str, filled: str) -> None:
    values = {"lr": "0.1", "text": "two words; rm -r '$HOME' {lr}"}
    assert placeholders.fill([argument], values) == [filled]


def test_the_names_are_those_outside_of_doubled_braces() -> None:
    assert placeholders.names(["a{lr}", "{{no}}", "{seed}{lr}", '{"json": 1}']) == ("lr", "seed")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("0.10", 0.1),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("2.", 2.0),
        ("007", "007"),
        ("1_000", "1_000"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("0x10", "0x10"),
        ("", ""),
        ("e5", "e5"),
        ("adam", "adam"),
    ],
)
def test_a_text_is_a_number_where_every_program_reads_it_as_one(text: str, value: object) -> None:
    found = placeholders.value_of(text)
    assert (found, type(found)) == (value, type(value))


def test_a_value_reaches_the_command_as_it_was_typed() -> None:
    assert placeholders.text_of(0.1, ("0.10",)) == "0.10"
    assert placeholders.text_of(0.2, ("0.10",)) == "0.2"
    assert placeholders.text_of(1e-05) == "1e-05"
    assert placeholders.text_of(0.1 + 0.2) == "0.30000000000000004"

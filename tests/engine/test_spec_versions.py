"""Conversion of values of version 1 to version 2."""

from __future__ import annotations

import pytest

from engine import catalog, spec_versions
from engine.axes import parse_axes
from engine.params import build, declared


@pytest.mark.parametrize("experiment", [one.name for one in catalog.EXPERIMENTS])
def test_converted_parameters_are_those_that_may_be_null(experiment: str) -> None:
    kinds = {param.name: param for param in declared(catalog.find(experiment).params)}
    table = spec_versions._OF.get(experiment, {})
    assert {name for name, param in kinds.items() if param.word} == set(table)
    for name, words in table.items():
        for word in words.values():
            assert word in (kinds[name].word, *kinds[name].texts)


@pytest.mark.parametrize("experiment", [one.name for one in catalog.EXPERIMENTS])
def test_the_defaults_of_version_1_are_those_of_version_2(experiment: str) -> None:
    kind = catalog.find(experiment).params
    backwards = {
        name: {word: number for number, word in words.items()}
        for name, words in spec_versions._OF.get(experiment, {}).items()
    }
    old = {
        param.name: backwards[param.name][param.word] if param.default is None else param.default
        for param in declared(kind)
    }
    now = build(kind, {})
    assert spec_versions.upgrade_params(experiment, old) == {
        param.name: getattr(now, param.name) for param in declared(kind)
    } | ({"axes": old["axes"]} if experiment == "xor_batch" else {})


def test_a_given_value_is_not_converted() -> None:
    given = {"lr": 0.01, "dropout": 0, "clip": 0.5, "patience": 3, "layers": 1, "tied": "no"}
    assert spec_versions.upgrade_params("lm", given) == given
    assert spec_versions.upgrade_params("lm", {"clip": 0, "dropout": -1.0}) == {
        "clip": "off",
        "dropout": None,
    }
    assert spec_versions.upgrade_params("xor", {"hidden": 0, "bypass": False}) == {
        "hidden": 0,
        "bypass": False,
    }
    assert spec_versions.upgrade_params("not there", {"lr": 0}) == {"lr": 0}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("patience=0,5; lr=0.1", "patience=never,5; lr=0.1"),
        ("patience=0..3;hidden=0..2", "patience=never,1,2,3;hidden=0..2"),
        (" patience = 0.0 ", " patience =never"),
        ("patience=1..3", "patience=1..3"),
        ("hidden=1..4; seed=1..1000", "hidden=1..4; seed=1..1000"),
        ("", ""),
        ("patience", "patience"),
    ],
)
def test_the_text_of_axes_is_converted(old: str, new: str) -> None:
    found = spec_versions.upgrade_axes_text("xor", old)
    assert found.replace(" ", "") == new.replace(" ", "")
    if "=" in old and "0.0" not in old:
        parse_axes(catalog.find("xor"), found)


def test_the_texts_of_forms_are_converted() -> None:
    typed = {"lr": "0", "dropout": "-1", "clip": "0,1,-1", "patience": "", "trials": "0", "parallel": "0"}
    assert spec_versions.upgrade_form_texts("lm", typed) == {
        "lr": "auto", "dropout": "auto", "clip": "off,1,auto", "patience": "", "trials": "all",
        "parallel": "auto",
    }  # fmt: skip
    assert spec_versions.upgrade_form_texts("xor_batch", {"axes": "patience=0,5", "draws": "0"}) == {
        "axes": "patience=never,5", "draws": "all",
    }  # fmt: skip


def test_a_line_of_a_journal_is_converted_unless_it_is_of_this_version() -> None:
    old = {"kind": "asked", "params": {"patience": 0}, "trial": 1}
    assert spec_versions.upgrade_sweep_fact("xor", old)["params"] == {"patience": None}
    new = {**old, "params": {"lr": 0}, "version": 2}
    assert spec_versions.upgrade_sweep_fact("lm", new) is new
    count = {"kind": "edited", "verb": "parallel", "count": 0}
    assert spec_versions.upgrade_sweep_fact("xor", count)["count"] is None
    widened = {"kind": "edited", "verb": "widen", "axes": [
        {"name": "patience", "values": [0, 1, 2], "low": 0.0, "high": 2.0, "log": False}]}  # fmt: skip
    axis = spec_versions.upgrade_sweep_fact("xor", widened)["axes"][0]
    assert (axis["values"], axis["low"], axis["high"]) == ([None, 1, 2], None, None)

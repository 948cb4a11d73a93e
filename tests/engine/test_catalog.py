"""The catalog: complete as data, and importing nothing that trains."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine import catalog
from engine.built_in_experiments import XorParams
from engine.errors import UnknownExperiment
from engine.params import declared


def test_an_experiment_is_found_by_its_name() -> None:
    for experiment in catalog.experiments():
        assert catalog.find(experiment.name) is experiment


def test_an_old_name_finds_the_experiment_and_is_not_listed() -> None:
    assert catalog.find("xor_lanes") is catalog.find("xor_batch")
    assert "xor_lanes" not in [experiment.name for experiment in catalog.experiments()]


def test_an_unknown_experiment_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(UnknownExperiment, match="There is no experiment 'gpt'") as error:
        catalog.find("gpt")
    assert error.value.remedy.startswith("The catalog has: xor, mnist")


@pytest.mark.parametrize("experiment", catalog.EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_an_entry_has_all_that_a_form_and_a_worker_need(experiment: catalog.Experiment) -> None:
    module, _, function = experiment.train.partition(":")
    assert module.startswith("engine.experiments.") and function
    assert experiment.goal in ("min", "max") and experiment.best and experiment.claim and experiment.title
    assert experiment.threads >= 0 and declared(experiment.params)


def test_listing_the_catalog_imports_no_framework_and_no_experiment() -> None:
    script = (
        "import sys; from engine import catalog; catalog.experiments();"
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'numpy', 'textual', 'keras')"
        " or m.startswith('engine.experiments')])"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_an_extra_catalog_adds_experiments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", "tests.engine.test_catalog:EXTRA")
    assert catalog.find("mine").framework == "none"
    assert catalog.experiments()[: len(catalog.EXPERIMENTS)] == catalog.EXPERIMENTS


EXTRA = (
    catalog.Experiment("mine", "Mine", "claims nothing", "none", XorParams, "a:b", "loss"),
)  # fmt: skip

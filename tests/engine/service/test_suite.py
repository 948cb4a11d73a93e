"""Suites: sweeps of the catalog."""

from __future__ import annotations

import pytest

from engine import axes, catalog
from engine.errors import ParamError
from engine.service.sweeps.submission import make_spec
from engine.sweep_protocol import SweepSubmitRequest


def test_lm_four_is_the_four_language_models_with_all_else_as_given() -> None:
    spec = make_spec(SweepSubmitRequest(experiment="lm_four", params={"framework": "torch", "epochs": 3}))
    assert spec.experiment == "lm"
    assert [axis.values for axis in spec.axes] == [(1, 2), ("forward", "reversed")]
    assert axes.count(spec.axes, 100) == 4
    assert spec.params == {"framework": "torch", "epochs": 3}
    assert (spec.metric, spec.goal) == ("val_perplexity", "min")


def test_further_axes_are_added_and_what_varies_cannot_be_fixed() -> None:
    spec = make_spec(SweepSubmitRequest(experiment="lm_four", axes=["framework=torch,tensorflow"]))
    assert axes.count(spec.axes, 100) == 8
    with pytest.raises(ParamError, match="layers: expected it fixed or as an axis"):
        make_spec(SweepSubmitRequest(experiment="lm_four", params={"layers": 2}))


@pytest.mark.parametrize("suite", catalog.SUITES, ids=lambda suite: suite.name)
def test_no_suite_has_the_name_of_an_experiment(suite: catalog.Suite) -> None:
    assert suite.name not in {one.name for one in catalog.experiments()}
    assert make_spec(SweepSubmitRequest(experiment=suite.name)).experiment == suite.experiment

"""Which parameters of a run may be increased, and to what."""

from __future__ import annotations

import dataclasses

import pytest

from engine import catalog, params
from engine.errors import ParamError
from engine.protocol import Spec
from engine.service.runs import extend_run


def of(experiment: str, **given: object) -> Spec:
    values = dataclasses.asdict(params.build(catalog.find(experiment).params, given))
    return Spec("i", experiment, values, 1, "n", "torch", 1, "cpu", 0.0)


def test_lengths_may_be_increased_or_stay() -> None:
    assert extend_run.extended_lengths(of("mnist", epochs=2), {"epochs": "5"}) == {"epochs": 5}
    assert extend_run.extended_lengths(of("xor", epochs=2), {"epochs": 2}) == {"epochs": 2}
    assert extend_run.extended_lengths(of("lm", epochs=2, keep="last"), {"epochs": 3}) == {"epochs": 3}


def test_a_language_model_that_stores_its_best_epoch_separately_may_be_extended() -> None:
    assert extend_run.extended_lengths(of("lm", epochs=2), {"epochs": 3}, holds_last=True) == {"epochs": 3}
    with pytest.raises(ParamError, match="fallen to 0"):
        extend_run.extended_lengths(of("lm", schedule="cosine"), {"epochs": 99}, holds_last=True)


@pytest.mark.parametrize(
    ("spec", "changes", "expected"),
    [
        (of("mnist", epochs=9), {"epochs": 5}, "epochs: expected 9 or more, which it has now, got 5."),
        (of("mnist"), {"lr": 0.1}, "'lr' cannot be extended."),
        (of("mnist"), {"epochs": "many"}, "epochs: expected a whole number"),
        (of("lm", schedule="cosine", keep="last"), {"epochs": 99}, "its learning rate has fallen to 0"),
        (of("lm", recipe="tuned", keep="last"), {"epochs": 99}, "its learning rate has fallen to 0"),
        (of("lm"), {"epochs": 99}, "its weights are those of its best epoch"),
    ],
)
def test_an_extension_that_differs_from_a_longer_run_is_refused(
    spec: Spec, changes: dict[str, object], expected: str
) -> None:
    with pytest.raises(ParamError) as refused:
        extend_run.extended_lengths(spec, changes)
    assert expected in str(refused.value)

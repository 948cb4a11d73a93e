"""Which runs may be made longer, and by what."""

from __future__ import annotations

import dataclasses

import pytest

from engine import catalog, params
from engine.errors import ParamError
from engine.protocol import Spec
from engine.service.runs import extension


def of(experiment: str, **given: object) -> Spec:
    values = dataclasses.asdict(params.build(catalog.find(experiment).params, given))
    return Spec("i", experiment, values, 1, "n", "torch", 1, "cpu", 0.0)


def test_lengths_may_grow_and_stay() -> None:
    assert extension.checked(of("mnist", epochs=2), {"epochs": "5"}) == {"epochs": 5}
    assert extension.checked(of("xor", epochs=2), {"epochs": 2}) == {"epochs": 2}
    assert extension.checked(of("lm", epochs=2, keep="last"), {"epochs": 3}) == {"epochs": 3}


def test_a_language_model_that_keeps_its_best_epoch_apart_may_grow() -> None:
    assert extension.checked(of("lm", epochs=2), {"epochs": 3}, holds_last=True) == {"epochs": 3}
    with pytest.raises(ParamError, match="fallen to 0"):
        extension.checked(of("lm", schedule="cosine"), {"epochs": 99}, holds_last=True)


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
def test_what_would_not_be_the_longer_run_is_refused(
    spec: Spec, changes: dict[str, object], expected: str
) -> None:
    with pytest.raises(ParamError) as refused:
        extension.checked(spec, changes)
    assert expected in str(refused.value)

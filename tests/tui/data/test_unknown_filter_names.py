"""Unknown names in a filter."""

from __future__ import annotations

import pytest

from tests.fakes.engine import make_run
from tui.data.unknown_filter_names import unknown_name_warning


@pytest.mark.parametrize(
    "where",
    [
        "lr<0.1",
        "tag=x state=done params.lr>1",
        "name~a",
        "val_accuracy >= 0.9 and experiment=mnist",
        "words only",
        "",
    ],
)
def test_existing_names_give_no_warning(where: str) -> None:
    assert unknown_name_warning(where, [make_run(1, metrics={"val_accuracy": 0.5})]) == ""


def test_an_unknown_name_is_reported_with_the_most_similar_one() -> None:
    assert unknown_name_warning("los<3", [make_run(1, metrics={"loss": 0.5})]) == "no run here has los; loss?"
    runs = [make_run(1, metrics={"epoch/val": 0.5, "epoch/vol": 0.5})]
    assert (
        unknown_name_warning("epoch/vxl~3", runs)
        == "no run here has epoch/vxl; epoch/vol or epoch/val or epochs?"
    )
    assert unknown_name_warning("step>1 and wibble<3", []) == "no run here has wibble"

"""A slip of the finger in a filter is told from a filter that nothing passes."""

from __future__ import annotations

import pytest

from tests.fakes.engine import make_run
from tui.data.filter_names import doubt


@pytest.mark.parametrize("where", ["lr<0.1", "val_accuracy >= 0.9 and experiment=mnist", "words only", ""])
def test_names_that_exist_raise_no_doubt(where: str) -> None:
    assert doubt(where, [make_run(1, metrics={"val_accuracy": 0.5})]) == ""


def test_an_unknown_name_is_named_and_the_nearest_one_offered() -> None:
    assert doubt("los<3", [make_run(1, metrics={"loss": 0.5})]) == "no run here has los; loss?"
    assert doubt("step>1 and wibble<3", []) == "no run here has wibble"

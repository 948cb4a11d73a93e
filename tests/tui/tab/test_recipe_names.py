"""The names of the runs that the tabs start by themselves."""

from __future__ import annotations

import pytest

from engine.service.runs.submission import checked_name
from tui import lm_runs, xor_recipes
from tui.digits.recipes import recipes

NAMES = [
    recipe.name
    for recipe in (*xor_recipes.NOTEBOOK, *xor_recipes.LADDER, *recipes(), *lm_runs.PLANS)
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_accepts_the_name_of_a_run_that_a_tab_starts(name: str) -> None:
    assert checked_name(name) == name

"""The names of runs that tabs submit without a form."""

from __future__ import annotations

import pytest

from engine.service.runs.runs import parse_name
from tui.language import run_list
from tui.mnist.recipes import recipes
from tui.xor import recipes as xor_recipes

NAMES = [
    *(recipe.name for recipe in (*xor_recipes.NOTEBOOK, *xor_recipes.ARCHITECTURES)),
    *(recipe.name for recipe in recipes()),
    *(plan.name for plan in run_list.PLANS),
]


@pytest.mark.parametrize("name", NAMES)
def test_the_engine_accepts_the_name_of_a_run_that_a_tab_starts(name: str) -> None:
    assert parse_name(name) == name

"""The tables of `dltui sweep`."""

from __future__ import annotations

import pytest

from engine.sweep_protocol import TrialGroup
from tui.cli import sweep_table


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ({"lr": None}, "lr=auto"),
        ({"patience": None}, "patience=never"),
        ({"lr": 0}, "lr=0"),
        ({"x": None}, "x=-"),
    ],
)
def test_a_group_key_without_a_number_is_written_out(key: dict[str, float | None], said: str) -> None:
    assert sweep_table.group_row(TrialGroup(key, 1, 1, 2.0, None, None))[0] == said

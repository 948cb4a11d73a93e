"""The nine experiments: at every width all numbers of the chosen one can be read."""

from __future__ import annotations

from typing import Any

import pytest

from tui.xor.experiment_table import rows_of


def a_row(number: int, **facts: Any) -> dict[str, Any]:
    printed = {"mean": 338.0, "std": 40.0, "fails": 1, "train_loss": 0.0451, "val_loss": 0.0453}
    return {
        "lr": 0.25, "hidden": number, "bypass": True, "runs": 14, "fails": 4, "mean": 345.4, "std": 41.2,
        "train_loss": 0.0449, "val_loss": 0.0457, "median": 320.0, "low": 300.0, "high": None,
        "mean_all": 512.3, "chance": 0.634, "notebook": printed, **facts,
    }  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_all_numbers_of_the_chosen_experiment_are_there(width: int) -> None:
    report = {"rows": [a_row(number) for number in range(1, 10)], "epochs": 500}
    rows = rows_of(report, 3, width)
    said = " ".join("".join(span.text for span in row).strip() for row in rows[10:])
    for words in ("4 hidden", "mean 345 epochs (338)", "std 41 (40)", "4 of 14 fail (1)", "median 320",
                  "300 to > 500", "mean of all 512", "train loss 0.0449 (0.0451)",
                  "validation loss 0.0457 (0.0453)", "p 0.63"):  # fmt: skip
        assert words in said, (words, said)


def test_what_is_not_known_yet_is_a_dash() -> None:
    nothing = dict.fromkeys(("mean", "std", "train_loss", "val_loss", "median", "low", "high", "chance"))
    rows = rows_of({"rows": [a_row(1, **nothing)], "epochs": 500}, 0, 200)
    assert "train loss - (0.0451)" in "".join(span.text for row in rows for span in row)

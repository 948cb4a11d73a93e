"""Which metrics there are to look at, and which one is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.protocol import RunSummary

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory

FIRST = ("loss", "train_loss", "val_loss", "accuracy")


def metrics_of(stories: Sequence[RunHistory], selected: RunSummary | None) -> list[str]:
    """Every metric that one of them has, those of the selected run first."""
    mine = list(selected.metrics) if selected is not None else []
    told = [metric for history in stories for metric in history.metrics]
    found = dict.fromkeys([*mine, *told])
    return sorted(found, key=lambda metric: FIRST.index(metric) if metric in FIRST else len(FIRST))


def choose_metric(
    wanted: str, known: Sequence[str], mine: RunHistory | None, selected: RunSummary | None
) -> str:
    """The wanted one if any run on the chart has it, else the first that the selected run has."""
    if wanted and (wanted in known or not known):
        return wanted
    has = {*(mine.metrics if mine is not None else ()), *(selected.metrics if selected is not None else ())}
    return next((metric for metric in known if metric in has), known[0] if known else wanted or "loss")

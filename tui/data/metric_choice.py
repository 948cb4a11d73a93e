"""The metrics of runs, and the choice of the one to plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.protocol import RunSummary

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory

FIRST = ("loss", "train_loss", "val_loss", "accuracy")


def metrics_of(histories: Sequence[RunHistory], selected: RunSummary | None) -> list[str]:
    """Every metric of these runs, those of the selected run first."""
    own = list(selected.metrics) if selected is not None else []
    others = [metric for history in histories for metric in history.metrics]
    found = dict.fromkeys([*own, *others])
    return sorted(found, key=lambda metric: FIRST.index(metric) if metric in FIRST else len(FIRST))


def choose_metric(
    requested: str, known: Sequence[str], history: RunHistory | None, selected: RunSummary | None
) -> str:
    """The requested metric if any run on the chart has it, else the first one of the selected run."""
    if requested and (requested in known or not known):
        return requested
    has = {
        *(history.metrics if history is not None else ()),
        *(selected.metrics if selected is not None else ()),
    }
    return next((metric for metric in known if metric in has), known[0] if known else requested or "loss")

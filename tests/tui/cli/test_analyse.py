"""`dltui analyse`: the parameters of any runs and a metric."""

from __future__ import annotations

from tui.cli.analyse import parallel_rows


def test_a_row_has_the_run_its_parameters_and_its_value() -> None:
    found = {
        "columns": [{"name": "lr"}, {"name": "model"}],
        "rows": [
            {"trial": 2, "status": "done", "value": 0.25, "cells": [0.1, "conv"]},
            {"trial": 1, "status": "done", "value": 0.125, "cells": [None, "mlp"]},
        ],
        "runs": ["run-a", "run-b"],
        "metric": "loss",
    }
    assert parallel_rows(found) == [
        ("RUN", "lr", "model", "loss"),
        ("run-b", "0.1", "conv", "0.25"),
        ("run-a", "", "mlp", "0.125"),
    ]

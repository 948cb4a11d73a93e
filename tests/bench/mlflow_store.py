"""A database of MLflow with as many runs, metrics and values as wanted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.engine.readers.test_mlflow_logs import TABLES

BEGAN = 1_700_000_000_000
_VALUES = """
WITH RECURSIVE steps(step) AS (SELECT 0 UNION ALL SELECT step + 1 FROM steps WHERE step < :steps - 1),
 names(name) AS (SELECT 0 UNION ALL SELECT name + 1 FROM names WHERE name < :metrics - 1)
INSERT INTO metrics SELECT 'metric_' || name, 1.0 / (step + 1), :began + step, :run, step, 0
 FROM steps CROSS JOIN names
"""


def write_store(path: Path, runs: int, metrics: int, steps: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"PRAGMA synchronous = off; {TABLES} DELETE FROM runs; BEGIN;")
    for number in range(runs):
        run = f"{number:032x}"
        row = (run, f"run{number}", "FINISHED", BEGAN + number, BEGAN + steps, "active", 0)
        connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        facts = {"run": run, "metrics": metrics, "steps": steps, "began": BEGAN}
        connection.execute(_VALUES, facts)
    connection.execute("COMMIT")
    connection.close()

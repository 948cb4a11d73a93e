"""What MLflow writes in its database, which is kept compressed, and in its folder: the same runs in both."""

from __future__ import annotations

import getpass
import gzip
import math
import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tests.peers.stored_logs import store

STEPS = 40
FOREIGN = "mlflow.source.git."
"""tags with the commit and the branch of this repository"""


def write(folder: Path) -> None:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    folder = folder.resolve()
    database = folder / "mlflow.db"
    log_all(f"sqlite:///{database}", folder / "artifacts")
    shrink(database, str(folder))
    log_all(f"file:{folder / 'mlruns'}", folder / "artifacts")
    for path in (folder / "mlruns").rglob("*"):
        if path.name.startswith(FOREIGN):
            path.unlink()
        elif path.is_file():
            path.write_text(_without_machine(path.read_text(), str(folder)))
    shutil.rmtree(folder / "artifacts", ignore_errors=True)


def log_all(uri: str, artifacts: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(uri)
    digits = mlflow.create_experiment("digits", artifact_location=artifacts.as_uri())
    with mlflow.start_run(experiment_id=digits, run_name="adam: 'first'") as run:
        log_run(mlflow)
        first = run.info.run_id
    with mlflow.start_run(experiment_id=digits, run_name="failed"):
        mlflow.log_metrics({"train/loss": 9.0, "accuracy": 0.1}, step=1)
        mlflow.end_run("FAILED")
    with mlflow.start_run(experiment_id=digits, run_name="deleted") as run:
        mlflow.log_metric("accuracy", 0.5)
    mlflow.delete_run(run.info.run_id)
    with mlflow.start_run(run_id=first):
        mlflow.log_metric("accuracy", 0.75, step=STEPS)


def log_run(mlflow: Any) -> None:
    mlflow.log_params({"lr": 0.1, "batch": 32, "optimizer": "adam", "nesterov": True, "clip": None})
    mlflow.set_tag("team", "vision")
    for step in range(STEPS):
        mlflow.log_metrics({"train/loss": 1 / (step + 1), "accuracy": 1 - 0.9**step}, step=step)
    for step, value in enumerate((math.nan, math.inf, -math.inf, 1e300)):
        mlflow.log_metric("odd", value, step=step)
    for step in (5, 2, 3, 9, 3):
        mlflow.log_metric("back", step / 10, step=step)
    for value in (3.0, 2.0, 1.0):
        mlflow.log_metric("no step", value)


def shrink(database: Path, folder: str) -> None:
    """Take what is of this machine out of the database, and compress it."""
    with sqlite3.connect(database) as connection:
        for table, column in (
            ("runs", "artifact_uri"), ("runs", "user_id"), ("experiments", "artifact_location"),
            ("tags", "value"), ("logged_models", "artifact_location"),
        ):  # fmt: skip
            rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
            for row, text in rows:
                clean = _without_machine(text or "", folder)
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (clean, row))
        connection.execute("DELETE FROM tags WHERE key LIKE ?", (FOREIGN + "%",))
    connection.execute("VACUUM")
    connection.close()
    with gzip.GzipFile(database.with_name("mlflow.db.gz"), "wb", mtime=0) as packed:
        packed.write(database.read_bytes())
    database.unlink()


def _without_machine(text: str, folder: str) -> str:
    return text.replace(folder, "/logs").replace(getpass.getuser(), "user").replace(sys.argv[0], "train.py")


if __name__ == "__main__":
    store("mlflow", write)

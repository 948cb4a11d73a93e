"""The runs that a command begins in a local store of MLflow, as messages of dltui_track."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import DltuiError
from engine.exec.log_messages import BatchMessages, Message
from engine.readers import mlflow_database, mlflow_folder_run
from engine.readers.mlflow_database_run import DatabaseRun
from engine.readers.mlflow_folder_run import FolderRun
from engine.readers.mlflow_log import MlflowLog, StoreLocked

MOST_RUNS = 100


@dataclass(slots=True)
class _Followed:
    log: MlflowLog
    prefix: str
    """of its metrics"""


@dataclass(slots=True)
class MlflowFollower:
    """Runs that were begun after `begun` are the command's; values before `since` are of an earlier attempt.

    Two commands that log into one store at the same time cannot be told apart.
    """

    path: Path
    """of the database or the folder, which may come later"""
    since: float
    begun: float
    _runs: dict[str, _Followed] = field(default_factory=dict)
    """by id"""
    _others: set[str] = field(default_factory=set)
    """ids of runs that are not the command's"""
    _made: BatchMessages = field(default_factory=BatchMessages)

    def messages(self, is_last: bool) -> Iterator[Message]:
        """What was added since the last call. A store that MLflow still makes is read once it is there."""
        self._made.since = self.since
        try:
            yield from self._begin()
            for followed in self._runs.values():
                for batch in followed.log.scalars() if followed.log.follow() else ():
                    yield from self._made.of(batch, followed.prefix)
        except (DltuiError, OSError) as error:
            if is_last or (self._runs and not isinstance(error, StoreLocked)):
                yield from self._made.note(str(error))
        finally:
            mlflow_database.close_all()

    def _begin(self) -> Iterator[Message]:
        """Begin to follow the runs that are new, the earliest first: its metrics get no prefix."""
        found = self._in_folder() if self.path.is_dir() else self._in_database()
        new = [(run_id, log, log.source.run()) for run_id, log in found]
        for run_id, log, run in sorted(new, key=lambda one: one[2].began_at):
            if run.began_at < self.begun or len(self._runs) >= MOST_RUNS:
                self._others.add(run_id)
                continue
            self._runs[run_id] = _Followed(log, f"{run.name.rpartition('/')[2]}/" if self._runs else "")
            if run.began_at >= self.since and (params := log.source.params()):
                yield {"params": params}
            for batch in log.scalars():
                yield from self._made.of(batch, self._runs[run_id].prefix)

    def _in_database(self) -> Iterator[tuple[str, MlflowLog]]:
        if not mlflow_database.is_database(self.path):
            return
        database = mlflow_database.database(self.path)
        database.look(at_once=True)
        if database.is_locked:
            raise StoreLocked(f"{self.path} is locked by another program.")
        for run_id in database.states.keys() - self._runs.keys() - self._others:
            yield run_id, MlflowLog(DatabaseRun(database, run_id))

    def _in_folder(self) -> Iterator[tuple[str, MlflowLog]]:
        for experiment in _folders(self.path, 0.0):
            for folder in _folders(experiment, self.begun):
                is_known = str(folder) in self._runs or str(folder) in self._others
                if not is_known and mlflow_folder_run.is_run(folder, os.listdir(folder)):
                    yield str(folder), MlflowLog(FolderRun(folder))


def _folders(folder: Path, since: float) -> list[Path]:
    """The folders in it that have changed since."""
    with os.scandir(folder) as entries:
        return [Path(one.path) for one in entries if one.is_dir() and one.stat().st_mtime >= since]

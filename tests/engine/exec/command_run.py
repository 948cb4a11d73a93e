"""Run folders of commands, with a real keeper and a real worker."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.events import Event, replay
from engine.exec.shell_command import ShellCommand
from engine.files import write_json
from engine.fold import CurvePoints, MetricCurves, add, wall_clock
from engine.keeper.stop_sequence import GracePeriods
from engine.protocol import Spec
from engine.store import RunFolder
from engine.typed_json import to_json
from tests.engine.keeper.kept_run import KeptRun, keeping

SOON = GracePeriods(60.0, 60.0)
"""longer than any answer takes: a step of the stop sequence would be a fault"""


def make_command(place: Path, *argv: str, **facts: Any) -> RunFolder:
    """A run folder whose command works in `place`; `facts` are fields of ShellCommand, or `params`."""
    path = place / "runs" / "one"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    params = facts.pop("params", {})
    environ = {"PATH": os.environ["PATH"], **facts.pop("environ", {})}
    command = ShellCommand(**{"argv": argv, "folder": str(place), "environ": environ, **facts})
    spec = Spec("one", "exec", params, 7, "one", "", 1, "cpu", 0.0, command=command)
    write_json(path / "spec.json", to_json(spec))
    return RunFolder(path)


def make_script(place: Path, text: str, *arguments: str, **facts: Any) -> RunFolder:
    """As `make_command`, for a Python script."""
    (place / "script.py").write_text(text)
    return make_command(place, sys.executable, "script.py", *arguments, **facts)


@contextlib.contextmanager
def started(
    folder: RunFolder,
    attempt: int = 1,
    grace_periods: GracePeriods = SOON,
    environ: Mapping[str, str] | None = None,
) -> Iterator[KeptRun]:
    with keeping(
        folder, sys.executable, attempt=attempt, grace_periods=grace_periods, environ=dict(environ or {})
    ) as run:
        yield run


def events_of(folder: RunFolder, kind: str = "") -> list[Event]:
    return [event for event in replay(folder.events) if kind in ("", event.kind)]


def curve(folder: RunFolder, metric: str) -> list[tuple[int, float]]:
    """As every reader of the history sees it."""
    curves = MetricCurves(CurvePoints, wall_clock)
    for event in replay(folder.events):
        add(event, curves)
    found = curves.by_metric.get(metric)
    return list(zip(found.steps, found.values, strict=True)) if found else []


def notes(folder: RunFolder) -> list[str]:
    return [event.facts["text"] for event in events_of(folder, "note")]


def printed(folder: RunFolder) -> str:
    """The log without the headers of the keeper."""
    lines = folder.log.read_text().splitlines() if folder.log.exists() else []
    return "\n".join(line for line in lines if not line.startswith("--- attempt"))


def said(folder: RunFolder) -> Any:
    """What a script printed as JSON."""
    return json.loads(printed(folder).splitlines()[-1])

"""One run out of a folder `mlruns`: `meta.yaml`, and a file for each parameter, tag and metric."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine import files
from engine.errors import CorruptRun
from engine.params import Value
from engine.protocol import Json
from engine.readers import mlflow_run
from engine.readers.mlflow_artifacts import folder_of_uri
from engine.readers.mlflow_log import Chunk
from engine.readers.mlflow_run import STATUSES, MlflowRun
from engine.readers.step_order import LoggedValues
from engine.typed_json import LATEST_TIME, WHOLE_LIMIT, typed

META = "meta.yaml"
TRASH = ".trash"
"""the folder of deleted experiments"""
CHUNK = 1 << 20
VALUE_LIMIT = 1 << 16
"""bytes of a file of one parameter or tag"""
DAMAGES_LIMIT = 20
DEPTH = 16
ACTIVE = ("RUNNING", "SCHEDULED")
_SCALAR = re.compile(r"(\w+): ?(.*)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b"}


@dataclass(slots=True)
class FolderRun:
    """A `MlflowSource`."""

    folder: Path
    _offsets: dict[str, int] = field(default_factory=dict)
    """by metric: bytes of its file that were read"""
    _sizes: dict[str, int] = field(default_factory=dict)
    """of the files when they were read"""
    _meta_time: int = 0
    _is_active: bool = True
    _damages: list[str] = field(default_factory=list)
    _damaged: int = 0

    @property
    def place(self) -> str:
        return str(self.folder)

    @property
    def artifacts(self) -> Path | None:
        beside = self.folder / "artifacts"
        if beside.is_dir():
            return beside
        uri = read_scalars(self.folder / META, may_fail=True).get("artifact_uri", "")
        return folder_of_uri(uri, self.folder.name, self.folder.parent)

    @property
    def size(self) -> int:
        return sum(files.size_of(path) for path in self._metric_files().values())

    def run(self) -> MlflowRun:
        self._meta_time = files.status_of(self.folder / META).st_mtime_ns
        facts = read_scalars(self.folder / META)
        if facts.get("lifecycle_stage") == "deleted":
            raise CorruptRun(f"{self.folder} was deleted in MLflow.")
        experiment = read_scalars(self.folder.parent / META, may_fail=True).get("name", "")
        status = facts.get("status", "")
        if status.isdigit():
            status = STATUSES[int(status)] if int(status) < len(STATUSES) else ""
        self._is_active = status in ACTIVE
        name = facts.get("run_name") or self._text("tags", "mlflow.runName") or self.folder.name
        began, ended = (mlflow_run.seconds(_number(facts.get(one, ""))) for one in ("start_time", "end_time"))
        return MlflowRun(
            facts.get("run_id") or self.folder.name,
            mlflow_run.run_name(experiment, name),
            status,
            began,
            ended,
        )

    def params(self) -> dict[str, Value]:
        return mlflow_run.params_of(self._texts("params"))

    def tags(self) -> dict[str, Value]:
        return mlflow_run.tags_of(self._texts("tags"))

    def added(self) -> Iterator[Chunk]:
        chunk: dict[str, LoggedValues] = {}
        size = 0
        for name, path in self._metric_files().items():
            self._sizes[name] = files.size_of(path)
            while self._sizes[name] > (at := self._offsets.get(name, 0)):
                if not (lines := self._lines(path, at, name)):
                    break
                if name in chunk or size + len(lines) > CHUNK:
                    yield chunk
                    chunk, size = {}, 0
                self._offsets[name], size = at + len(lines), size + len(lines)
                if (logged := self._values(path, lines)) is not None:
                    chunk[name] = logged
        if chunk:
            yield chunk

    def again(self, names: set[str]) -> Iterator[Chunk]:
        for name, path in self._metric_files().items():
            at, end = 0, self._offsets.get(name, 0) if name in names else 0
            while at < end and (lines := self._lines(path, at, name)[: end - at]):
                at += len(lines)
                if (logged := self._values(path, lines, is_told=True)) is not None:
                    yield {name: logged}

    def fits(self) -> bool:
        paths = self._metric_files()
        return all(
            name in paths and files.size_of(paths[name]) >= offset for name, offset in self._offsets.items()
        )

    def has_grown(self) -> bool:
        """The files of a run that has ended are looked at once MLflow has written its `meta.yaml` again."""
        if files.status_of(self.folder / META).st_mtime_ns != self._meta_time:
            return True
        if not self._is_active:
            return False
        return any(
            files.size_of(path) != self._sizes.get(name, 0) for name, path in self._metric_files().items()
        )

    @property
    def position(self) -> Json:
        return {"offsets": dict(self._offsets)}

    def go_to(self, position: Json) -> None:
        self._offsets = dict(typed(position.get("offsets", {}), dict[str, int]))

    def incomplete(self) -> list[str]:
        return [
            f"metrics/{name}: the file ends within a line, at byte {self._offsets.get(name, 0):,}"
            for name, size in self._sizes.items()
            if size > self._offsets.get(name, 0)
        ]

    def damages(self) -> list[str]:
        found, self._damages = self._damages, []
        return found

    def _metric_files(self) -> dict[str, Path]:
        return dict(sorted(_inner_files(self.folder / "metrics")))

    def _lines(self, path: Path, offset: int, name: str) -> bytes:
        """The complete lines of the next chunk."""
        try:
            with files.open_regular(path, follow=True, foreign=True) as file:
                self._sizes[name] = os.fstat(file.fileno()).st_size
                file.seek(offset)
                data = file.read(CHUNK)
        except OSError as error:
            raise CorruptRun(f"{path} cannot be read: {error.strerror or error}.") from error
        return data[: data.rfind(b"\n") + 1]

    def _values(self, path: Path, lines: bytes, is_told: bool = False) -> LoggedValues | None:
        """Lines of milliseconds, value and step, in old versions without a step; others are damages."""
        rows: list[tuple[float, float, int]] = []
        for line in lines.splitlines():
            parts = line.split()
            try:
                rows.append((float(parts[0]), float(parts[1]), _step(parts[2]) if len(parts) > 2 else 0))
            except (ValueError, IndexError):
                if parts and not is_told:
                    self._note(path, line)
        if not rows:
            return None
        times, values, steps = zip(*rows, strict=True)
        seconds = np.clip(np.nan_to_num(np.array(times) / 1000), 0, LATEST_TIME)
        return LoggedValues(np.array(steps, np.int64), np.array(values, float), seconds)

    def _note(self, path: Path, line: bytes) -> None:
        self._damaged += 1
        if self._damaged <= DAMAGES_LIMIT:
            text = line[:60].decode("utf-8", "replace")
            self._damages.append(f"metrics/{path.name}: {text!r} is no time, value and step")

    def _texts(self, kind: str) -> dict[str, str]:
        names = dict(_inner_files(self.folder / kind))
        return {name: self._text(kind, name) for name in sorted(names)[: 2 * mlflow_run.PARAMS_LIMIT]}

    def _text(self, kind: str, name: str) -> str:
        try:
            with files.open_regular(self.folder / kind / name, follow=True, foreign=True) as file:
                return file.read(VALUE_LIMIT).decode("utf-8", "replace")
        except (OSError, CorruptRun):
            return ""


def is_run(folder: Path, names: list[str]) -> bool:
    """Whether a folder with files of these names is a run: its `meta.yaml` names one."""
    if META not in names:
        return False
    facts = read_scalars(folder / META, may_fail=True)
    return "experiment_id" in facts and not facts.keys().isdisjoint(("run_id", "run_uuid"))


def is_deleted(folder: Path) -> bool:
    """Whether it is a deleted run, or one of a deleted experiment."""
    stages = (
        read_scalars(one / META, may_fail=True).get("lifecycle_stage") for one in (folder, folder.parent)
    )
    return TRASH in folder.parts or "deleted" in stages


def read_scalars(path: Path, may_fail: bool = False) -> dict[str, str]:
    """The top lines `name: value` of a YAML file as MLflow writes it, without quotes; null is left out.

    Raises CorruptRun, unless it `may_fail` and is empty then.
    """
    try:
        with files.open_regular(path, follow=True, foreign=True) as file:
            data = file.read(VALUE_LIMIT)
    except (OSError, CorruptRun) as error:
        if may_fail:
            return {}
        raise CorruptRun(f"{path} cannot be read: {getattr(error, 'strerror', '') or error}.") from error
    found: dict[str, str] = {}
    for line in _joined_lines(data.decode("utf-8", "replace")):
        match = _SCALAR.fullmatch(line)
        if match and match[2] not in ("null", "~", ""):
            found[match[1]] = _unquoted(match[2])
    return found


def _joined_lines(text: str) -> list[str]:
    """Lines at the top with those that go on with them, which YAML folds where they are long."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" ") and lines:
            before = lines[-1]
            lines[-1] = (
                before[:-1] + line.strip().removeprefix("\\")
                if before.endswith("\\")
                else f"{before} {line.strip()}"
            )
        elif line:
            lines.append(line)
    return lines


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _ESCAPE.sub(_escaped, text[1:-1])
    return text


def _escaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _NAMED.get(match[4], match[4])
    number = int(code, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _inner_files(folder: Path, prefix: str = "", depth: int = DEPTH) -> Iterator[tuple[str, Path]]:
    """(name with the folders above it, path); a name with a slash lies in a folder."""
    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
    except OSError:
        return
    for entry in listed:
        try:
            is_folder = entry.is_dir()
        except OSError:
            continue
        if not is_folder:
            yield prefix + entry.name, folder / entry.name
        elif depth:
            yield from _inner_files(folder / entry.name, f"{prefix}{entry.name}/", depth - 1)


def _step(text: bytes) -> int:
    step = int(text)
    if abs(step) >= WHOLE_LIMIT:
        raise ValueError
    return step


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None

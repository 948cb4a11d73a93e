"""Descriptions of experiments that are files: from the cache, else from a process that imports the file."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine import files
from engine.engine_path import PACKAGE_ROOT, python_path
from engine.errors import CorruptRun, HomeUnusable, ParamError
from engine.experiment_files import names, source_files
from engine.experiment_files.description import FileExperiment
from engine.experiment_files.errors import UnusableExperiment
from engine.experiment_files.source_files import Source
from engine.places import Places, make_private
from engine.typed_json import to_json, typed
from engine.version import VERSION

SECONDS = 90.0
"""that a file may take to be imported; a framework takes ten where the disk is slow"""
ANSWER_LIMIT = 1_000_000
OUTPUT_TAIL = 4_096


@dataclass(frozen=True, slots=True)
class ExperimentPlace:
    """Where an experiment is: a file, or a module of an installed package."""

    path: Path
    python: str = ""
    """the interpreter that describes and trains it; empty: this one"""
    module: str = ""
    name: str = ""
    """empty: that of the file"""


@dataclass(frozen=True, slots=True)
class CachedDescription:
    """A description, and the files that it is true for."""

    version: str
    described: FileExperiment
    main: str
    hashes: dict[str, str]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """`experiment` is not kept yet; `source` are the bytes that it was described from."""

    experiment: FileExperiment
    source: Source


def describe(places: Places, place: ExperimentPlace) -> Described:
    """Raises UnusableExperiment, which names the file, the line and what is wrong."""
    check_path(place.path)
    name = names.check(place.name or names.of_path(place.path), place.path)
    return _named(_cached(places, place) or _describe_anew(places, place), name, place)


def _search_folders() -> tuple[str, ...]:
    """The folders of PYTHONPATH. Relative ones are left out: nothing of the current folder is imported."""
    found = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return tuple(one for one in dict.fromkeys(found) if os.path.isabs(one) and one != str(PACKAGE_ROOT))


def last_known(places: Places, place: ExperimentPlace) -> FileExperiment | None:
    """The last description, though the file may have changed since; None where there is none.

    No process is started, and the file is not read.
    """
    try:
        name = names.check(place.name or names.of_path(place.path), place.path)
        found = files.read_typed(_cache_file(places, place), CachedDescription)
    except (UnusableExperiment, CorruptRun):
        return None
    if found is None or not place.path.exists():
        return None
    return replace(found.described, name=name, python=place.python, path=str(place.path))


def _named(found: Described, name: str, place: ExperimentPlace) -> Described:
    named = replace(
        found.experiment, name=name, python=place.python, path=str(place.path), search=_search_folders()
    )
    return Described(named, found.source)


def check_path(path: Path) -> None:
    """Raises UnusableExperiment for what is no Python file."""
    if path.suffix == ".ipynb":
        raise UnusableExperiment(
            f"{path} is a notebook, expected a Python file. Save it as one: jupyter nbconvert --to script."
        )
    if path.is_dir():
        raise UnusableExperiment(f"{path} is a folder, expected a Python file.")
    if path.suffix != ".py" and path.exists():
        raise UnusableExperiment(f"{path}: expected the name of a Python file, which ends with .py.")
    if not path.exists():
        link = f"it is a link to {path.readlink()}, which leads to no file" if path.is_symlink() else ""
        raise UnusableExperiment(f"{path}: {link or 'there is no such file'}.")


def check_python(python: str) -> str:
    """The absolute path of an interpreter. Raises UnusableExperiment."""
    if not python:
        return ""
    path = Path(os.path.abspath(os.path.expanduser(python)))  # not resolved: a venv is found by its link
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise UnusableExperiment(f"--python: expected an interpreter, got {path}, which cannot be run.")
    return str(path)


# --- the cache --------------------------------------------------------------------------------------------


def _cache_file(places: Places, place: ExperimentPlace) -> Path:
    key = json.dumps([str(place.path), place.python, place.module, sys.executable, VERSION])
    return places.descriptions / f"{source_files.sha256(key.encode())[:32]}.json"


def _cached(places: Places, place: ExperimentPlace) -> Described | None:
    """None where nothing is cached, and where a file has changed since."""
    try:
        found = files.read_typed(_cache_file(places, place), CachedDescription)
    except CorruptRun:
        return None
    if found is None:
        return None
    root = _root(place, found.main)
    texts: dict[str, bytes] = {}
    for name, digest in found.hashes.items():
        try:
            texts[name] = source_files.read_text(root / name)
        except UnusableExperiment:
            return None
        if source_files.sha256(texts[name]) != digest:
            return None
    if any((root / name).is_dir() or (root / f"{name}.py").exists() for name in found.absent):
        return None
    return Described(found.described, Source(root, found.main, texts, found.absent))


def _root(place: ExperimentPlace, main: str) -> Path:
    root = place.path
    for _ in main.split("/"):
        root = root.parent
    return root


def _write_cache(places: Places, place: ExperimentPlace, made: Described) -> None:
    hashes = {name: source_files.sha256(text) for name, text in made.source.texts.items()}
    root = made.source.root
    absent = [
        name
        for name in made.source.absent
        if not (root / name).is_dir() and not (root / f"{name}.py").exists()
    ]
    data = {
        "version": VERSION,
        "described": to_json(made.experiment),
        "main": made.source.main,
        "hashes": hashes,
        "absent": absent,
    }
    with contextlib.suppress(OSError, HomeUnusable):  # the next time takes longer
        make_private(places.root)
        places.descriptions.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write_bytes(_cache_file(places, place), json.dumps(data).encode(), sync=False)


@functools.lru_cache(256)
def check_values(place: ExperimentPlace, source: str, points: str) -> None:
    """Ask the code of the file, whose hash is `source`, whether it accepts one of the points, a JSON list.

    Raises ParamError of the first of them. What was accepted once is not asked again.
    """
    answer = _ask(place, points)
    if answer.get("refused"):
        message, remedy = typed(answer["refused"], tuple[str, str])
        raise ParamError(message, remedy)


# --- the process ------------------------------------------------------------------------------------------


def _describe_anew(places: Places, place: ExperimentPlace) -> Described:
    source = source_files.read(place.path, place.module)
    answer = _ask(place)
    try:
        found = typed(answer["described"], FileExperiment)
        more = typed(answer.get("more", []), tuple[str, ...])
    except (KeyError, ValueError) as error:
        raise UnusableExperiment(f"{place.path}: it could not be described: {error}.") from error
    texts = {**source.texts, **{name: source_files.read_text(source.root / name) for name in more}}
    source = replace(source, texts=texts)
    made = Described(replace(found, source=source.sha256), source)
    _write_cache(places, place, made)
    return made


def _ask(place: ExperimentPlace, *more: str) -> dict[str, Any]:
    """The answer of the process to these arguments. Raises UnusableExperiment."""
    python = place.python or sys.executable
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as output:
        command = [python, "-P", "-m", "engine.experiment_files.describe", str(answer.fileno())]
        try:
            process = subprocess.Popen(
                [*command, str(place.path), place.module, *more],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output,
                pass_fds=(answer.fileno(),), start_new_session=True, cwd="/", env=_environ(),
            )  # fmt: skip
        except OSError as error:
            raise UnusableExperiment(f"{python} cannot be started: {error.strerror or error}.") from error
        _wait(process, place)
        answer.seek(0)
        output.seek(max(0, output.seek(0, os.SEEK_END) - OUTPUT_TAIL))
        return _read_answer(place, python, answer.read(ANSWER_LIMIT), process.returncode, output.read())


def _wait(process: subprocess.Popen[bytes], place: ExperimentPlace) -> None:
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        raise UnusableExperiment(
            f"{place.path}: importing it took more than {SECONDS:g} s: what trains belongs into train()."
        ) from None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # what it started ends with it
        process.wait()


def _read_answer(place: ExperimentPlace, python: str, data: bytes, code: int, said: bytes) -> dict[str, Any]:
    if not data:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        if b"No module named 'engine" in said or b"No module named engine" in said:
            raise UnusableExperiment(f"{python} has no dltui {VERSION}: install it there.")
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        text = f"the process that imported it ended with {how}"
        raise UnusableExperiment(f"{place.path}: {': '.join([text, *last])[:300]}.")
    try:
        answer = files.parse_object(data)
    except ValueError as error:
        raise UnusableExperiment(f"{place.path}: it could not be described: {error}.") from error
    if answer.get("version") != VERSION:
        raise UnusableExperiment(
            f"{python} has dltui {str(answer.get('version'))[:40]}, expected {VERSION}: install it there."
        )
    if "error" in answer:
        raise UnusableExperiment(str(answer["error"])[:1000])
    return answer


def _environ() -> dict[str, str]:
    """No GPU is touched, and no framework writes to the terminal."""
    return {
        **os.environ,
        "PYTHONPATH": python_path(os.environ),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow"),
    }

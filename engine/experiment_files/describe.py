"""`python -P -m engine.experiment_files.describe FD PATH MODULE [POINTS]`: import an experiment, describe it.

A process of its own, so that app and service never run the code of an experiment. With POINTS, a JSON list of
values, it answers whether the file accepts one of them.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import resource
import sys
import traceback
import types
from pathlib import Path
from typing import Any

from engine.errors import DltuiError, ParamError
from engine.experiment_files import description, load, source_files
from engine.experiment_files.description import FileExperiment
from engine.experiment_files.errors import UnusableExperiment, at_line
from engine.experiment_files.source_files import Source
from engine.typed_json import to_json
from engine.version import VERSION

MEMORY_BYTES = 16 << 30
CPU_SECONDS = 120
OUTPUT_BYTES = 64 << 20
ORDER = frozenset(("engine.data.example_order", "engine.data.example_order.order"))
"""the part of `engine.data` that reads no data"""
TEXT_LIMIT = 300
"""characters of a title or a claim"""


def main(arguments: list[str]) -> int:
    answer = int(arguments[0])
    os.dup2(2, 1)  # what the file prints when it is imported is no answer
    _limit(resource.RLIMIT_DATA, MEMORY_BYTES)
    _limit(resource.RLIMIT_CPU, CPU_SECONDS)
    _limit(resource.RLIMIT_FSIZE, OUTPUT_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    path, module, *points = Path(arguments[1]), *arguments[2:]
    try:
        found = _check(path, module, json.loads(points[0])) if points else _describe(path, module)
    except DltuiError as error:
        found = {"error": error.message}
    except BaseException as error:  # the file may raise anything when it is imported
        found = {"error": _raised(path, error).message}
    with os.fdopen(answer, "w") as pipe:
        json.dump({"version": VERSION, **found}, pipe)
    sys.stdout.flush()
    os._exit(0)  # threads that the file has started are not waited for


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))


def _describe(path: Path, module: str) -> dict[str, Any]:
    if importlib.util.find_spec("numpy") is None:
        raise UnusableExperiment(f"{sys.executable} has no NumPy, which dltui needs: install dltui there.")
    source = source_files.read(path, module)
    loaded = load.load(source.root, source.main, module)
    made = described(path, module, source, loaded)
    return {"described": to_json(made), "more": _more_files(source)}


def _check(path: Path, module: str, points: list[dict[str, Any]]) -> dict[str, Any]:
    """The error of the first point, if the file accepts none."""
    source = source_files.read(path, module)
    loaded = load.load(source.root, source.main, module)
    refused: dict[str, Any] = {}
    for point in points:
        try:
            load.own_params(loaded, point)
            return {}
        except ParamError as error:
            refused = refused or {"refused": [error.message, error.remedy]}
    return refused


def described(path: Path, module: str, source: Source, loaded: types.ModuleType) -> FileExperiment:
    """Raises UnusableExperiment."""
    title, _, claim = inspect.cleandoc(loaded.__doc__ or "").partition("\n")
    goal = _text(loaded, "GOAL", "min")
    if goal not in ("min", "max"):
        raise UnusableExperiment(f"{path}: GOAL: expected min or max, got {goal[:80]!r}.")
    threads = getattr(loaded, "THREADS", 1)
    if type(threads) is not int or not 0 <= threads <= 1 << 16:
        raise UnusableExperiment(f"{path}: THREADS: expected a whole number, got {str(threads)[:80]!r}.")
    load.train_of(loaded)
    kind = load.params_class(loaded)
    return FileExperiment(
        name=path.stem,
        path=str(path),
        title=title.strip()[:TEXT_LIMIT] or path.stem,
        claim=" ".join(claim.strip().split("\n\n")[0].split())[:TEXT_LIMIT],
        framework=_text(loaded, "FRAMEWORK", _framework(source)),
        best=_text(loaded, "BEST", "loss"),
        goal=goal,
        threads=threads,
        reads_data=_reads_data(loaded, source),
        metrics=_metrics(loaded),
        checks=any(hasattr(kind, name) for name in ("check", "__post_init__")),
        params=tuple(map(description.describe_param, load.params_of(loaded))),
        module=module,
        source=source.sha256,
    )


def _text(module: types.ModuleType, name: str, usual: str) -> str:
    found = getattr(module, name, usual)
    if not isinstance(found, str) or not found.isprintable() or not 0 < len(found) <= 64:
        raise UnusableExperiment(
            f"{module.__file__}: {name}: expected a short text, got {str(found)[:80]!r}."
        )
    return found


def _metrics(module: types.ModuleType) -> tuple[str, ...]:
    found = getattr(module, "METRICS", ())
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise UnusableExperiment(f"{module.__file__}: METRICS: expected names, got {str(found)[:80]!r}.")
    return tuple(found)


def _reads_data(module: types.ModuleType, source: Source) -> bool:
    """As it declares, else whether it imports one of our data sets."""
    found = getattr(module, "READS_DATA", None)
    if found is None:
        return any(name.startswith("engine.data.") for name in source.imported - ORDER)
    if type(found) is not bool:
        raise UnusableExperiment(
            f"{module.__file__}: READS_DATA: expected True or False, got {str(found)[:80]!r}."
        )
    return found


def _framework(source: Source) -> str:
    """By what it imports."""
    packages = {name.partition(".")[0] for name in source.imported}
    if "torch" in packages:
        return "torch"
    return "tensorflow" if packages & {"tensorflow", "keras"} else "numpy"


def _more_files(source: Source) -> list[str]:
    """Files below the folder that were imported by name at run time."""
    found, is_within_ours = set(), source_files.is_ours(source.root)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(file)
        if source_files.is_ours(path) and not is_within_ours:
            continue
        if path.is_relative_to(source.root) and not {"site-packages", "dist-packages"} & set(path.parts):
            found.add(path.relative_to(source.root).as_posix())
    return sorted(found - set(source.texts))


def _raised(path: Path, error: BaseException) -> UnusableExperiment:
    """The innermost line of the files of the experiment at which `error` was raised."""
    if isinstance(error, SyntaxError) and error.filename:
        return at_line(error.filename, error.lineno, f"{error.msg}.")
    root, line, file = path.parent, None, str(path)
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(root):
            file, line = frame.filename, frame.lineno
    text = f"{type(error).__name__}: {error}".strip(": ").splitlines()[0][:TEXT_LIMIT]
    if isinstance(error, SystemExit):
        text = f"it ends the process when it is imported ({text})"
    return at_line(file, line, f"{text}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the user added to the catalog: files and folders, kept in the home, and entry points of packages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

from engine import files, places
from engine.errors import DltuiError
from engine.experiment_files import describing, names, source_files
from engine.experiment_files.describing import Described, ExperimentPlace
from engine.experiment_files.description import FileExperiment
from engine.experiment_files.errors import UnusableExperiment
from engine.places import Places

GROUP = "dltui.experiments"
"""of entry points"""
AT_ONCE = 2
"""processes that describe experiments"""
LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AddedPath:
    path: str
    """absolute: a file or a folder"""
    python: str = ""


@dataclass(frozen=True, slots=True)
class AddedPaths:
    added: tuple[AddedPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """An experiment that was added; `error` says why it cannot be used, else it is empty."""

    place: ExperimentPlace
    described: Described | None
    error: str = ""


def read(home: Places) -> AddedPaths:
    """Raises CorruptRun."""
    return files.read_typed(home.experiments, AddedPaths) or AddedPaths()


def add(home: Places, path: str, python: str = "") -> list[Listed]:
    """Add a file or a folder to the catalog; what it holds. Raises DltuiError, and nothing was added."""
    place = absolute(path)
    new = AddedPath(str(place), describing.check_python(python))
    found = list(_places_of(new))
    if not place.is_dir():
        found = [ExperimentPlace(place, new.python)]
        describing.describe(home, found[0])
    elif not found:
        raise UnusableExperiment(f"{place}: expected a file with train(params, run), the folder has none.")
    with _changing(home):
        before = read(home)
        others = [one for one in before.added if one.path != new.path]
        taken = {_name_of(one): one for path in others for one in _places_of(path)}
        for one in found:
            if (other := taken.get(_name_of(one))) and other.path != one.path:
                raise UnusableExperiment(
                    f"{one.path}: {other.path} is called {_name_of(one)} already: rename one of them."
                )
        _write(home, AddedPaths((*others, new)))
    return [_list(home, one) for one in found]


def remove(home: Places, named: str) -> str:
    """Remove a path, given as such or by the name of its experiment; the path. Raises DltuiError."""
    with _changing(home):
        before = read(home)
        path = str(absolute(named))
        found = [one for one in before.added if one.path == path]
        found = found or [one for one in before.added if named == names.of_path(Path(one.path))]
        if len(found) != 1:
            have = ", ".join(one.path for one in before.added) or "none"
            raise UnusableExperiment(f"{named[:200]} was not added. Added: {have}.")
        _write(home, AddedPaths(tuple(one for one in before.added if one != found[0])))
    return found[0].path


def _changing(home: Places) -> AbstractContextManager[None]:
    places.make_private(home.root)
    return files.locked(home.experiments.with_suffix(".lock"), LOCK_SECONDS)


def _write(home: Places, paths: AddedPaths) -> None:
    try:
        files.write_json(home.experiments, asdict(paths))
    except OSError as error:
        raise DltuiError(f"{home.experiments} cannot be written: {error.strerror or error}.") from error


def absolute(path: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))


# --- what was added ---------------------------------------------------------------------------------------


def all_places(home: Places) -> list[ExperimentPlace]:
    """Every experiment that was added, by name the first one; entry points last. Raises CorruptRun."""
    found: dict[str, ExperimentPlace] = {}
    for path in read(home).added:
        for place in _places_of(path):
            found.setdefault(_name_of(place), place)
    for place in _entry_points():
        found.setdefault(place.name, place)
    return list(found.values())


def find(home: Places, name: str) -> ExperimentPlace | None:
    """The experiment of that name that was added, else None. Raises CorruptRun."""
    return next((one for one in all_places(home) if _name_of(one) == name), None)


def list_all(home: Places) -> list[Listed]:
    """All that was added, described; one that fails has its error. Raises CorruptRun."""
    found = all_places(home)
    if not found:
        return []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda place: _list(home, place), found))


def list_known(home: Places) -> list[FileExperiment]:
    """All that was added and was described once, as it was then. Raises CorruptRun."""
    found = (describing.last_known(home, place) for place in all_places(home))
    return [one for one in found if one is not None]


def _list(home: Places, place: ExperimentPlace) -> Listed:
    try:
        return Listed(place, describing.describe(home, place))
    except DltuiError as error:
        return Listed(place, None, str(error))


def _name_of(place: ExperimentPlace) -> str:
    return place.name or names.of_path(place.path)


def _places_of(added: AddedPath) -> Iterator[ExperimentPlace]:
    """The file, or the files of the folder that hold `train`, and those that cannot be read."""
    path = Path(added.path)
    if not path.is_dir():
        yield ExperimentPlace(path, added.python)
        return
    for file in sorted(path.glob("*.py")):
        if file.is_file() and _may_be_experiment(file):
            yield ExperimentPlace(file, added.python)


def _may_be_experiment(file: Path) -> bool:
    try:
        return source_files.has_train(source_files.parse(file, source_files.read_text(file)))
    except UnusableExperiment:
        return True  # listed with its error


def _entry_points() -> Iterator[ExperimentPlace]:
    """Experiments of installed packages; no package is imported."""
    for point in metadata.entry_points(group=GROUP):
        file = _module_file(point.module)
        if file is not None:
            yield replace(ExperimentPlace(file), module=point.module, name=point.name)


def _module_file(module: str) -> Path | None:
    """The file of a module, found without importing the packages around it."""
    spec, path = None, None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:count]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    return Path(spec.origin) if spec is not None and spec.origin else None

"""From what the user named, a file or a name, to an experiment whose source is kept."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from engine import axes, catalog, params
from engine.catalog import Experiment
from engine.errors import DltuiError, ParamError, UnknownExperiment
from engine.experiment_files import added, describing, source_store
from engine.experiment_files.describing import Described, ExperimentPlace
from engine.experiment_files.description import FileExperiment
from engine.experiment_files.errors import UnusableExperiment
from engine.params import Value
from engine.places import Places

CHECKED_POINTS = 64
"""of a sweep, that its file is asked about; it may refuse some, but not all of them"""
NO_LIMIT = 10**30


def is_path(named: str) -> bool:
    """Whether it is meant as a file, not as the name of an experiment."""
    return os.sep in named or named.endswith((".py", ".ipynb"))


def find(places: Places, named: str, python: str = "") -> Described | None:
    """The file, or the experiment of that name that was added; None for one of the catalog itself.

    Raises UnusableExperiment, and UnknownExperiment for a name that nothing has.
    """
    if is_path(named):
        place: ExperimentPlace | None = ExperimentPlace(
            added.absolute(named), describing.check_python(python)
        )
    else:
        if catalog.is_built_in(named):
            _refuse_python(python)
            return None
        place = added.find(places, named)
    if place is None:
        raise _unknown(places, named)
    return describing.describe(places, replace(place, python=describing.check_python(python) or place.python))


def _refuse_python(python: str) -> None:
    if python:
        raise UnusableExperiment("--python: expected an experiment of your own, which is a file.")


def _unknown(places: Places, named: str) -> UnknownExperiment:
    names = [one.name for one in catalog.built_in()] + [one.name for one in added.list_known(places)]
    known = ", ".join(names)
    beside = f"For the file: dltui run ./{named}.py" if Path(f"{named}.py").is_file() else ""
    return UnknownExperiment(
        f"There is no experiment {named[:80]!r}.", beside or f"The catalog has: {known}."
    )


def keep(places: Places, described: Described) -> FileExperiment:
    """The experiment with its source in the home. Raises DltuiError."""
    return source_store.keep(places, described.experiment, described.source)


def again(places: Places, before: FileExperiment) -> FileExperiment:
    """The experiment of an earlier run as its file is now, or as it was where that is gone.

    Raises DltuiError.
    """
    place = _place_of(before)
    return keep(places, describing.describe(places, place)) if place.path.exists() else before


def check(file: FileExperiment, values: Mapping[str, object], axis_texts: Sequence[str] = ()) -> None:
    """Raises ParamError where the file's own code refuses these values, for each of the first points of axes.

    Most files have no such code: then nothing is asked. What the service refuses anyway passes here.
    """
    place = _place_of(file)
    if not file.checks or not place.path.exists():
        return
    try:
        points = json.dumps(list(_points(catalog.from_file(file), values, axis_texts)))
    except ParamError:
        return
    describing.check_values(place, file.source, points)


def _points(
    experiment: Experiment, values: Mapping[str, object], axis_texts: Sequence[str]
) -> Iterator[dict[str, Value]]:
    """All values of the first points. Raises ParamError."""
    swept = axes.parse_axes(experiment, ";".join(axis_texts)) if axis_texts else ()
    kinds = {param.name: param for param in (*params.declared(experiment.params), axes.SEED)}
    is_grid = all(axis.values is not None for axis in swept)
    drawn = (axes.sample_point(swept, kinds, 1, number) for number in range(CHECKED_POINTS))
    for point in itertools.islice(axes.grid(swept, NO_LIMIT) if is_grid else drawn, CHECKED_POINTS):
        own = {name: value for name, value in point.items() if name != axes.SEED.name}
        yield asdict(params.build(experiment.params, {**values, **own}))


def _place_of(file: FileExperiment) -> ExperimentPlace:
    return ExperimentPlace(Path(file.path), file.python, file.module, file.name)


def current(places: Places, before: FileExperiment) -> Experiment:
    """As `again`, without keeping the source."""
    place = _place_of(before)
    if not place.path.exists():
        return catalog.from_file(before)
    return catalog.from_file(describing.describe(places, place).experiment)


def load_known(places: Places) -> None:
    """Make what was added part of the catalog of this process, as it was described last."""
    with contextlib.suppress(DltuiError):  # `load` reports it
        catalog.register(added.list_known(places))


def load(places: Places) -> list[str]:
    """Make what was added part of the catalog of this process; errors of those that cannot be used.

    Those whose description is not cached are described by processes, which takes seconds.
    """
    try:
        found = added.list_all(places)
    except DltuiError as error:
        return [str(error)]
    catalog.register([one.described.experiment for one in found if one.described])
    return [one.error for one in found if one.error]

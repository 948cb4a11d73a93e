"""A new file to begin an experiment with."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.errors import DltuiError
from engine.experiment_files import names
from engine.experiment_files.errors import UnusableExperiment
from engine.experiment_files.source_files import OUR_PACKAGES

FRAMEWORKS = ("torch", "keras", "numpy")
_STARTERS = Path(__file__).parent / "starters"
_IMPORTED = ("torch", "keras", "tensorflow", "numpy", *OUR_PACKAGES)


def write(folder: Path, name: str, framework: str) -> Path:
    """Write `NAME.py` and return its path; nothing is overwritten. Raises DltuiError."""
    stem = name.removesuffix(".py")
    names.check(stem, Path(f"{stem}.py"))
    path = folder / f"{stem}.py"
    if stem in _IMPORTED or stem in sys.stdlib_module_names:
        raise UnusableExperiment(f"{path.name}: {stem} is a module that Python imports: choose another name.")
    if framework not in FRAMEWORKS:
        raise UnusableExperiment(
            f"framework: expected one of {', '.join(FRAMEWORKS)}, got {framework[:80]!r}."
        )
    text = (_STARTERS / f"{framework}_starter.py").read_text()
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError as error:
        raise UnusableExperiment(f"{path} exists already: nothing was written.") from error
    except OSError as error:
        raise DltuiError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path

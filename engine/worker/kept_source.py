"""Train an experiment that is a file, from the source that its run keeps."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import CorruptRun
from engine.experiment_files import load, source_files, source_store
from engine.experiment_files.description import FileExperiment
from engine.experiment_files.errors import UnusableExperiment
from engine.experiment_files.kept_source_record import SourceFacts

if TYPE_CHECKING:
    from engine.worker.run import Run


def load_train(folder: Path, file: FileExperiment) -> Callable[[Any, Run], None]:
    """Import the file that the run in `folder` keeps; its `train`, for described parameters.

    Raises CorruptRun, and whatever the file raises.
    """
    kept = source_store.folder_in(folder, file)
    facts = source_store.read_facts(kept)
    source_store.read_texts(kept, facts)
    _find_others(file, facts)
    sys.path += [one for one in file.search if one not in sys.path]
    sys.dont_write_bytecode = True  # the folder holds what is kept, and nothing else
    is_kept = any(one.is_kept for one in facts.files if one.name == facts.main)
    path = None if is_kept else Path(facts.root) / facts.main
    module = load.load(kept / source_store.FILES, facts.main, file.module, path)
    if file.module:
        _extend_packages(file.module, Path(facts.root))
    train = load.train_of(module)
    return lambda chosen, run: train(_own_params(module, chosen), run)


def _find_others(file: FileExperiment, facts: SourceFacts) -> None:
    """Files that are too large to be kept are imported from where they were, if they are as they were."""
    others = [one for one in facts.files if not one.is_kept]
    for one in others:
        path = Path(facts.root) / one.name
        try:
            digest = source_files.sha256(source_files.read_text(path))
        except UnusableExperiment as error:
            raise CorruptRun(f"{error.message} It was too large to be kept with the run.") from error
        if digest != one.sha256:
            raise CorruptRun(f"{path} has changed since; it was too large to be kept with the run.")
    if others:
        sys.path.append(facts.root)


def _extend_packages(module: str, root: Path) -> None:
    """Parts of an installed package that are not kept, such as compiled ones, are found where they are."""
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        package = sys.modules.get(name)
        if package is not None and hasattr(package, "__path__"):
            package.__path__ = [*package.__path__, str(root.joinpath(*name.split(".")))]


def _own_params(module: Any, chosen: Any) -> Any:
    made = load.own_params(
        module, {one.name: getattr(chosen, one.name) for one in dataclasses.fields(chosen)}
    )
    return chosen if made is None else made

"""What lies in the folder of data sets that was named for a run, on the machine of who named it.

A node trains on its own data. Where the folder can be read here, they have to be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.errors import DltuiError
from engine.params import Value
from engine.places import Places
from engine.protocol import Spec
from engine.trained_on import TrainedOn

VARIABLE = "DLTUI_EXPECTED_DATA"
"""of a worker on a node: the fingerprint, a space, the title"""
Look = Callable[[Places, Mapping[str, Value]], TrainedOn | None]


def named_data(places: Places, spec: Spec) -> TrainedOn | None:
    """None where no folder was named, or nothing of use can be read in it here. Nothing is downloaded."""
    look = LOOKS.get(spec.experiment)
    if look is None or not spec.data:
        return None
    try:
        return look(replace(places, named_data=spec.data), spec.params)
    except (DltuiError, OSError, ValueError):
        return None  # it need not be here at all: the nodes have their own


def _digits(places: Places, params: Mapping[str, Value]) -> TrainedOn | None:
    from engine.data import mnist_folders
    from engine.data.published_files import MNIST

    found = mnist_folders.find(places, MNIST)
    if found is None or found.origin != "DLTUI_DATA":
        return None
    digests = mnist_folders.digests_of(found.files)
    return TrainedOn(mnist_folders.title_by(found.files, digests, MNIST), mnist_folders.fingerprint(digests))


def _texts(places: Places, params: Mapping[str, Value]) -> TrainedOn | None:
    from engine.data.text.corpus import open_local
    from engine.data.text.text_file import source_of

    files = open_local(places, str(params.get("corpus", "")))
    if files is None:
        return None
    return TrainedOn(", ".join(file.name for file in files), source_of([file.digest() for file in files]))


LOOKS: Mapping[str, Look] = {"mnist": _digits, "mnist_recipe": _digits, "lm": _texts}

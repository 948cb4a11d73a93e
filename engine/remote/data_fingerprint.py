"""Title and fingerprint of the data in the folder that was named for a run, read on this machine.

A node trains on its own data; if the folder can be read here, the node's data have to be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.errors import DltuiError
from engine.params import Value
from engine.places import Places
from engine.protocol import Spec
from engine.trained_on import TrainedOn

EXPECTED_DATA = "DLTUI_EXPECTED_DATA"
"""environment variable of a worker on a node: fingerprint, space, title"""
DataLookup = Callable[[Places, Mapping[str, Value]], TrainedOn | None]


def named_data(places: Places, spec: Spec) -> TrainedOn | None:
    """None if no folder was named or its data cannot be read here. Nothing is downloaded."""
    lookup = LOOKUPS.get(spec.experiment)
    if lookup is None or not spec.data:
        return None
    try:
        return lookup(replace(places, named_data=spec.data), spec.params)
    except (DltuiError, OSError, ValueError):
        return None  # the folder need not exist here: nodes have their own


def _find_mnist(places: Places, params: Mapping[str, Value]) -> TrainedOn | None:
    from engine.data import mnist_folders
    from engine.data.published_files import MNIST

    found = mnist_folders.find(places, MNIST)
    if found is None or found.origin != "DLTUI_DATA":
        return None
    digests = mnist_folders.digests_of(found.files)
    return TrainedOn(mnist_folders.title_by(found.files, digests, MNIST), mnist_folders.fingerprint(digests))


def _find_texts(places: Places, params: Mapping[str, Value]) -> TrainedOn | None:
    from engine.data.text.corpus_parameter import open_local
    from engine.data.text.text_file import source_of

    files = open_local(places, str(params.get("corpus", "")))
    if files is None:
        return None
    return TrainedOn(", ".join(file.name for file in files), source_of([file.digest() for file in files]))


LOOKUPS: Mapping[str, DataLookup] = {"mnist": _find_mnist, "mnist_recipe": _find_mnist, "lm": _find_texts}

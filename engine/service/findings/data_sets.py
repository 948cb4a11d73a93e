"""Which data sets are here, and what happens without them."""

from __future__ import annotations

from pathlib import Path

from engine.data.source import MNIST
from engine.data.text.finding import find
from engine.data.text.published import CAPTIONS, CORPORA
from engine.places import Places
from engine.protocol import Finding, Severity

FOLDERS = ("mnist", "", "MNIST/raw")


def examine(places: Places) -> list[Finding]:
    if places.data is not None and not places.data.is_dir():
        text = f"DLTUI_DATA names {places.data}, which is not a folder."
        return [Finding("data", Severity.WARNING, text, "Correct it or unset it.")]
    return [_examine_mnist(places), _examine_corpora(places)]


def _examine_mnist(places: Places) -> Finding:
    for root in (places.data, places.cache):
        folder = find_mnist(root) if root else None
        if folder is not None:
            return Finding("data", Severity.OK, f"MNIST is in {folder}.")
    return Finding(
        "data",
        Severity.NOTE,
        "MNIST is not here yet: it is downloaded when an experiment needs it (12 MB).",
        "Without a network: set DLTUI_DATA to a folder with its four files, or small digits stand in.",
    )


def find_mnist(root: Path) -> Path | None:
    """The folder that holds all four files, packed or not."""
    for folder in (root / name for name in FOLDERS):
        if all(
            (folder / file.name).is_file() or (folder / file.name).with_suffix("").is_file()
            for file in MNIST.files
        ):
            return folder
    return None


def _examine_corpora(places: Places) -> Finding:
    here, elsewhere = [], []
    for corpus in CORPORA.values():
        found = find(places, corpus)
        if found is not None and not found.path.is_file():
            text = f"{found.path} is no regular file, expected {corpus.source.title}."
            return Finding("texts", Severity.WARNING, text, "Remove or replace it.")
        if found is not None:
            here.append(f"{corpus.name} is in {found.path.parent}")
        elif corpus.source.mirrors:
            elsewhere.append(corpus.name)
    if here:
        return Finding("texts", Severity.OK, f"{'; '.join([*here, *_on_demand(elsewhere)])}.")
    return Finding(
        "texts",
        Severity.NOTE,
        f"No corpus is here yet; {_on_demand(elsewhere)[0]}.",
        f"{CAPTIONS.file.name} belongs into DLTUI_DATA's folder text; without it Python's manual stands in.",
    )


def _on_demand(names: list[str]) -> list[str]:
    return [f"{' and '.join(names)} can be downloaded when asked for"] if names else []

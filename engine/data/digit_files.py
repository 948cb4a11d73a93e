"""The four IDX files of a digit set: finding them in a folder, reading and checking them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.data.class_names import DIGITS, find_class_names, read_class_names
from engine.data.digits import Digits, Origin, digest_all, fingerprint
from engine.data.idx import Bytes, header_size, read_idx
from engine.data.source import Source
from engine.errors import DataError

FOLDERS = ("mnist", "", "MNIST/raw", "fashion-mnist", "FashionMNIST/raw")
SIDE = 28
CLASSES = 10
MOST_IMAGE_BYTES = 1 << 28
MOST_LABELS = 1 << 20


@dataclass(frozen=True, slots=True)
class DigitFiles:
    train_images: Path
    train_labels: Path
    test_images: Path
    test_labels: Path


def find_digit_files(root: Path) -> DigitFiles | None:
    """The first folder under `root` that holds any of the four; None if there is none.

    Raises DataError if `root` is no folder, or if some of the four are missing.
    """
    if not os.path.isdir(root):
        raise DataError(f"DLTUI_DATA names {root}, which is not a folder.", "Correct it or unset it.")
    for folder in (root / name for name in FOLDERS):
        found = [_find(folder, stem, kind) for stem in ("train", "t10k") for kind in ("images", "labels")]
        paths = [path for path in found if path is not None]
        if len(paths) == len(found):
            return DigitFiles(*paths)
        if paths:
            missing = [stem for stem, path in zip(_published_names(), found, strict=True) if path is None]
            raise DataError(
                f"{folder} holds {paths[0].name} but not {', '.join(missing)}: expected all four MNIST files."
            )
    return None


def read_digit_files(files: DigitFiles, source: Source, origin: Origin) -> Digits:
    """Called by the title of `source` only if it is byte for byte that. Raises DataError."""
    train_images, train_labels = _read_pair(files.train_images, files.train_labels)
    test_images, test_labels = _read_pair(files.test_images, files.test_labels)
    arrays = (train_images, train_labels, test_images, test_labels)
    digests = digest_all(*arrays)
    published = tuple(file.unpacked_sha256 for file in source.files)
    _check_places(files, digests, source)
    is_published = digests == published
    title = source.title if is_published else f"the images of {files.train_images.parent}"
    named_by = None if is_published else find_class_names(files.train_images.parent)
    names = read_class_names(named_by) if named_by else DIGITS
    return Digits(
        title, origin, *arrays, fingerprint(digests), class_names=names, named_by=str(named_by or "")
    )


def _find(folder: Path, stem: str, kind: str) -> Path | None:
    """lexists, so that a dangling link is named and not passed over."""
    for name in _names(stem, kind):
        if os.path.lexists(folder / name):
            return folder / name
    return None


def _names(stem: str, kind: str) -> tuple[str, ...]:
    dims = 3 if kind == "images" else 1
    plain = (f"{stem}-{kind}-idx{dims}-ubyte", f"{stem}-{kind}.idx{dims}-ubyte")
    return tuple(name + ending for name in plain for ending in (".gz", ""))


def _published_names() -> list[str]:
    return [_names(stem, kind)[0] for stem in ("train", "t10k") for kind in ("images", "labels")]


def _read_pair(image_path: Path, label_path: Path) -> tuple[Bytes, Bytes]:
    images = read_idx(image_path, max_items=MOST_IMAGE_BYTES)
    _check_images(image_path, images)
    labels = read_idx(label_path, max_items=MOST_LABELS)
    _check_labels(label_path, labels)
    if len(images) != len(labels):
        raise DataError(
            f"{image_path} declares {len(images)} images at offset 4, expected the {len(labels)} "
            f"that {label_path} has labels for."
        )
    return images, labels


def _check_images(path: Path, images: Bytes) -> None:
    if images.ndim != 3:
        swapped = " Are images and labels swapped?" if images.ndim == 1 else ""
        raise DataError(f"{path}: {images.ndim} dimension(s) at offset 3, expected 3 (images).{swapped}")
    if images.shape[1:] != (SIDE, SIDE):
        size = "x".join(map(str, images.shape[1:]))
        raise DataError(f"{path}: images of {size} pixels at offset 8, expected {SIDE}x{SIDE}.")


def _check_labels(path: Path, labels: Bytes) -> None:
    if labels.ndim != 1:
        swapped = " Are images and labels swapped?" if labels.ndim == 3 else ""
        raise DataError(f"{path}: {labels.ndim} dimensions at offset 3, expected 1 (labels).{swapped}")
    wrong = (labels >= CLASSES).nonzero()[0]
    if len(wrong):
        first = int(wrong[0])
        raise DataError(
            f"{path}: label {labels[first]} at offset {header_size(1) + first} (item {first}), "
            f"expected 0 to {CLASSES - 1}."
        )


def _check_places(files: DigitFiles, digests: tuple[str, ...], source: Source) -> None:
    """Published content under another of the published names is a mix-up."""
    names = {file.unpacked_sha256: file.name for file in source.files}
    paths = (files.train_images, files.train_labels, files.test_images, files.test_labels)
    for path, digest, expected in zip(paths, digests, source.files, strict=True):
        held = names.get(digest, expected.name)
        if held != expected.name:
            raise DataError(f"{path} holds what {source.title} publishes as {held}: the files are swapped.")

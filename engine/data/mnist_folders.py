"""Finding and checking the four files of a digit set, for runs and for `dltui doctor`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.data.idx import header, header_size, open_idx, pieces, read_shape
from engine.data.published_files import DataSource
from engine.errors import DataError
from engine.places import Places

Origin = Literal["DLTUI_DATA", "cache", "download", "digits"]
FOLDERS = ("mnist", "", "MNIST/raw", "fashion-mnist", "FashionMNIST/raw")
SIDE = 28
CLASSES = 10
MOST_IMAGE_BYTES = 1 << 28
MOST_LABELS = 1 << 20
REMEDY = "Put the folder back (a link to where it went will do), or correct DLTUI_DATA."


@dataclass(frozen=True, slots=True)
class DigitFiles:
    train_images: Path
    train_labels: Path
    test_images: Path
    test_labels: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.train_images, self.train_labels, self.test_images, self.test_labels))

    @property
    def folder(self) -> Path:
        return self.train_images.parent


@dataclass(frozen=True, slots=True)
class FoundDigits:
    files: DigitFiles
    origin: Origin


def find(places: Places, source: DataSource) -> FoundDigits | None:
    """The files that a run reads: those in DLTUI_DATA, else the cached ones; None: they are downloaded.

    Raises DataError as `find_digit_files` does: invalid files in DLTUI_DATA are never skipped.
    """
    if places.data is not None and (own := find_digit_files(places.data)) is not None:
        return FoundDigits(own, "DLTUI_DATA")
    cached = cached_files(places, source)
    return FoundDigits(cached, "cache") if all(map(os.path.exists, cached)) else None


def cached_files(places: Places, source: DataSource) -> DigitFiles:
    """The paths of downloaded files, whether they exist or not."""
    return DigitFiles(*(places.cache / "mnist" / file.name for file in source.files))


def check_folder(root: Path) -> None:
    """Raises DataError unless DLTUI_DATA is a folder."""
    if not os.path.isdir(root):
        raise DataError(f"The folder of data sets is {root}, which is not a folder.", REMEDY)


def find_digit_files(root: Path) -> DigitFiles | None:
    """The first folder under `root` that holds any of the four; None if there is none.

    Raises DataError if `root` is no folder, or if some of the four are missing.
    """
    check_folder(root)
    wanted = [_names(stem, kind) for stem in ("train", "t10k") for kind in ("images", "labels")]
    for folder in (root / name for name in FOLDERS):
        # lexists, so that a dangling link is reported and not skipped
        there = ([folder / name for name in names if os.path.lexists(folder / name)] for names in wanted)
        found = [paths[0] if paths else None for paths in there]
        paths = [path for path in found if path is not None]
        if len(paths) == len(found):
            return DigitFiles(*paths)
        if paths:
            missing = [names[0] for names, path in zip(wanted, found, strict=True) if path is None]
            raise DataError(
                f"{folder} holds {paths[0].name} but not {', '.join(missing)}: expected all four MNIST files."
            )
    return None


def fingerprint(digests: tuple[str, ...]) -> str:
    """SHA-256 over the digests of the four arrays."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def title_of(files: DigitFiles, source: DataSource) -> str:
    """The title of four files, which are read completely, without NumPy. Raises DataError as a run does."""
    return title_by(files, digests_of(files), source)


def digests_of(files: DigitFiles) -> tuple[str, ...]:
    """SHA-256 of each unpacked file. Raises DataError."""
    return (
        *_digests(files.train_images, files.train_labels),
        *_digests(files.test_images, files.test_labels),
    )


def title_by(files: DigitFiles, digests: tuple[str, ...], source: DataSource) -> str:
    """The title of `source` if the files equal it byte for byte, else one with their folder.

    Raises DataError for published content under another published name.
    """
    names = {file.unpacked_sha256: file.name for file in source.files}
    for path, digest, expected in zip(files, digests, source.files, strict=True):
        held = names.get(digest, expected.name)
        if held != expected.name:
            raise DataError(f"{path} holds what {source.title} publishes as {held}: the files are swapped.")
    published = tuple(file.unpacked_sha256 for file in source.files)
    return source.title if digests == published else f"the images of {files.folder}"


def check_images(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) != 3:
        swapped = " Are images and labels swapped?" if len(shape) == 1 else ""
        raise DataError(f"{path}: {len(shape)} dimension(s) at offset 3, expected 3 (images).{swapped}")
    if shape[1:] != (SIDE, SIDE):
        size = "x".join(map(str, shape[1:]))
        raise DataError(f"{path}: images of {size} pixels at offset 8, expected {SIDE}x{SIDE}.")


def check_labels(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) != 1:
        swapped = " Are images and labels swapped?" if len(shape) == 3 else ""
        raise DataError(f"{path}: {len(shape)} dimensions at offset 3, expected 1 (labels).{swapped}")


def check_values(path: Path, labels: bytes) -> None:
    """Raises DataError naming the first invalid label."""
    if labels and max(labels) < CLASSES:
        return
    for place, label in enumerate(labels):
        if label >= CLASSES:
            raise DataError(
                f"{path}: label {label} at offset {header_size(1) + place} (item {place}), "
                f"expected 0 to {CLASSES - 1}."
            )


def check_counts(image_path: Path, images: int, label_path: Path, labels: int) -> None:
    if images != labels:
        raise DataError(
            f"{image_path} declares {images} images at offset 4, expected the {labels} "
            f"that {label_path} has labels for."
        )


def _digests(image_path: Path, label_path: Path) -> tuple[str, str]:
    """SHA-256 of the unpacked files. Raises DataError."""
    with open_idx(image_path) as reader:
        shape = read_shape(reader, MOST_IMAGE_BYTES)
        images = hashlib.sha256(header(shape))
        for piece in pieces(reader, shape):
            images.update(piece)
    check_images(image_path, shape)
    with open_idx(label_path) as reader:
        counted = read_shape(reader, MOST_LABELS)
        labels = b"".join(map(bytes, pieces(reader, counted)))
    check_labels(label_path, counted)
    check_values(label_path, labels)
    check_counts(image_path, shape[0], label_path, counted[0])
    return images.hexdigest(), hashlib.sha256(header(counted) + labels).hexdigest()


def _names(stem: str, kind: str) -> tuple[str, ...]:
    dims = 3 if kind == "images" else 1
    plain = (f"{stem}-{kind}-idx{dims}-ubyte", f"{stem}-{kind}.idx{dims}-ubyte")
    return tuple(name + ending for name in plain for ending in (".gz", ""))

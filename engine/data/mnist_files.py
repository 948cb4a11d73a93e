"""Reading and checking the four IDX files of a digit set."""

from __future__ import annotations

from pathlib import Path

from engine.data import mnist_folders
from engine.data.class_names import DIGITS, find_class_names, read_class_names
from engine.data.digits import Digits, digest_all
from engine.data.idx import Bytes, read_idx
from engine.data.mnist_folders import MOST_IMAGE_BYTES, MOST_LABELS, DigitFiles, Origin, fingerprint
from engine.data.published_files import DataSource


def read_digit_files(files: DigitFiles, source: DataSource, origin: Origin) -> Digits:
    """The digits; their title is that of `source` only if they equal it byte for byte. Raises DataError."""
    train_images, train_labels = _read_pair(files.train_images, files.train_labels)
    test_images, test_labels = _read_pair(files.test_images, files.test_labels)
    arrays = (train_images, train_labels, test_images, test_labels)
    digests = digest_all(*arrays)
    title = mnist_folders.title_by(files, digests, source)
    named_by = None if title == source.title else find_class_names(files.folder)
    names = read_class_names(named_by) if named_by else DIGITS
    return Digits(
        title, origin, *arrays, fingerprint(digests), class_names=names, named_by=str(named_by or "")
    )


def _read_pair(image_path: Path, label_path: Path) -> tuple[Bytes, Bytes]:
    images = read_idx(image_path, max_items=MOST_IMAGE_BYTES)
    mnist_folders.check_images(image_path, images.shape)
    labels = read_idx(label_path, max_items=MOST_LABELS)
    mnist_folders.check_labels(label_path, labels.shape)
    mnist_folders.check_values(label_path, labels.tobytes())
    mnist_folders.check_counts(image_path, len(images), label_path, len(labels))
    return images, labels

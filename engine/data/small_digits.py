"""The 1,797 digits of 8x8 pixels in scikit-learn: the fallback without a network connection."""

from __future__ import annotations

import numpy as np

from engine.data.digits import Digits, digest_all
from engine.data.mnist_folders import fingerprint
from engine.errors import DataError

TEST_SIZE = 360
REMEDY = "Put the four MNIST files into a folder and set DLTUI_DATA to it."
NOTICE = (
    "MNIST could not be found or downloaded: training on scikit-learn's 1,797 8x8 digits instead. " + REMEDY
)


def load_small_digits() -> Digits:
    """The last 360 are the test set; grey levels 0 to 16 are scaled to 0 to 255. Raises DataError."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DataError(
            "MNIST could not be found or downloaded, and scikit-learn's digits cannot be imported.", REMEDY
        ) from error
    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    labels = bunch.target.astype(np.uint8)
    arrays = (images[:-TEST_SIZE], labels[:-TEST_SIZE], images[-TEST_SIZE:], labels[-TEST_SIZE:])
    return Digits("8x8 digits", "digits", *arrays, fingerprint(digest_all(*arrays)), NOTICE)

"""The published files, as data that can be checked."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from engine.data.published_files import MNIST
from tests.engine.data.idx_files import NAMES


def test_mnist_lists_its_four_files_in_the_order_digit_sets_have() -> None:
    assert tuple(file.name for file in MNIST.files) == NAMES


def test_every_checksum_is_one_and_none_is_there_twice() -> None:
    sums = [text for file in MNIST.files for text in (file.sha256, file.unpacked_sha256)]
    assert all(re.fullmatch(r"[0-9a-f]{64}", text) for text in sums)
    assert len(set(sums)) == 8


def test_mirrors_are_several_folders_on_different_hosts_over_https() -> None:
    parts = [urlsplit(mirror) for mirror in MNIST.mirrors]
    assert len({part.netloc for part in parts}) == len(parts) >= 3
    assert all(part.scheme == "https" and part.path.endswith("/") for part in parts)


def test_the_credit_and_the_licence_are_said() -> None:
    assert "LeCun" in MNIST.credit and MNIST.licence == "CC BY-SA 3.0"

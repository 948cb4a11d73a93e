"""Names of classes: ten lines beside the images, or one line about what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.labelled_images import FILES, find_class_names, read_class_names
from engine.errors import DataError

FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@pytest.mark.parametrize("name", FILES)
def test_ten_lines_are_ten_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("\ufeff" + "\r\n\n".join(FASHION) + "\n", encoding="utf-8")
    found = find_class_names(tmp_path)
    assert found is not None and read_class_names(found) == FASHION


def test_a_folder_without_such_a_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("something else")
    (tmp_path / "classes.txt").mkdir()
    assert find_class_names(tmp_path) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds 0 class names, expected 10"),
        (b"a\nb\n", "holds 2 class names, expected 10"),
        (b"ok\n" * 3 + b"\xff\n", "no UTF-8 text at offset 9"),
        (b"x" * 5000, "longer than 4096 bytes"),
        (b"a\n" * 9 + b"z" * 41, "name 9 is no printable text of at most 40"),
        (b"a\n" * 9 + b"\x1b[31mred", "name 9 is no printable text"),
    ],
)
def test_anything_else_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "classes.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as refused:
        read_class_names(path)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)

"""Drawn digits on disk: whole or not at all, private, bounded."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.data import user_drawings
from engine.errors import DataError

PICTURE = np.arange(784, dtype=np.uint8).reshape(28, 28)


def test_what_is_kept_comes_back_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "home" / "drawn.jsonl"
    assert user_drawings.read(path) == []
    for label in (3, 1, 4):
        user_drawings.add(path, PICTURE + np.uint8(label), label, at=label)
    kept = user_drawings.read(path)
    assert [one.label for one in kept] == [3, 1, 4] and [one.at for one in kept] == [3, 1, 4]
    np.testing.assert_array_equal(kept[2].pixels, PICTURE + np.uint8(4))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_one_goes_or_all_go(tmp_path: Path) -> None:
    path = tmp_path / "drawn.jsonl"
    marks = [user_drawings.add(path, PICTURE, label, 0).mark for label in range(4)]
    assert user_drawings.remove(path, marks[2]) == 1
    assert [one.label for one in user_drawings.read(path)] == [0, 1, 3]
    with pytest.raises(DataError, match="No drawn digit"):
        user_drawings.remove(path, marks[2])
    assert user_drawings.remove(path, "all") == 3 and user_drawings.remove(path, "all") == 0


def test_lines_that_are_no_digit_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "drawn.jsonl"
    user_drawings.add(path, PICTURE, 5, 0)
    whole = path.read_bytes()
    path.write_bytes(b'[]\n{"label": 3}\n\xff\n' + b"[" * 5000 + b"\n" + whole + whole[: len(whole) // 2])
    assert [one.label for one in user_drawings.read(path)] == [5]


def test_a_full_set_takes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_drawings, "MOST", 2)
    path = tmp_path / "drawn.jsonl"
    for _ in range(2):
        user_drawings.add(path, PICTURE, 1, 0)
    with pytest.raises(DataError, match="is full: it holds 2 drawn digits"):
        user_drawings.add(path, PICTURE, 1, 0)


@pytest.mark.parametrize("label", [-1, 10])
def test_a_label_that_is_none_is_refused(tmp_path: Path, label: int) -> None:
    with pytest.raises(DataError, match=f"label {label}, expected 0 to 9"):
        user_drawings.add(tmp_path / "drawn.jsonl", PICTURE, label, 0)


def test_an_empty_picture_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The drawing is empty"):
        user_drawings.add(tmp_path / "drawn.jsonl", np.zeros((28, 28), dtype=np.uint8), 1, 0)


def test_a_pipe_or_a_link_to_nothing_in_its_place_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("gone")
    for name in ("pipe", "link"):
        with pytest.raises(DataError, match=name):
            user_drawings.read(tmp_path / name)


def test_a_disk_that_takes_nothing_leaves_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drawn.jsonl"
    user_drawings.add(path, PICTURE, 1, 0)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        user_drawings.add(path, PICTURE, 2, 0)
    monkeypatch.undo()
    assert [one.label for one in user_drawings.read(path)] == [1]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["drawn.jsonl", "drawn.jsonl.lock"]


def test_two_that_keep_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "drawn.jsonl"

    def keep_some() -> None:
        for label in range(10):
            user_drawings.add(path, PICTURE, label, 0)

    threads = [threading.Thread(target=keep_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(user_drawings.read(path)) == 30

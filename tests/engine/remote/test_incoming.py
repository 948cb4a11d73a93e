"""A folder kept from frames: whole files or none, and nothing outside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ProtocolError
from engine.remote.frames import CHUNK, Frame, Reader, encode
from engine.remote.incoming import DRAFTS, OWN, IncomingFiles, pieces


def test_files_and_folders_arrive_as_they_are(tmp_path: Path) -> None:
    here, there = _folder(tmp_path / "here"), _folder(tmp_path / "there")
    (here / "empty.json").touch()
    (here / "large.bin").write_bytes(bytes(range(256)) * (CHUNK // 100))
    (_folder(here / "step-00000001") / "a").write_text("A")
    (here / "step-00000001" / "b").write_text("B")
    copy = IncomingFiles(there)
    for name in ("empty.json", "large.bin", "step-00000001"):
        _take(copy, pieces(here / name, name))
    copy.close()
    assert _content(there) == _content(here)


def test_a_file_is_seen_whole_or_not_at_all(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"new" * CHUNK)
    there = _folder(tmp_path / "there")
    (there / "kept").write_text("old")
    copy = IncomingFiles(there)
    *most, last = pieces(source, "kept")
    _take(copy, iter(most))
    assert (there / "kept").read_text() == "old"
    _take(copy, iter([last]))
    assert (there / "kept").read_bytes() == source.read_bytes()


def test_a_checkpoint_of_the_same_step_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    there = tmp_path / "there"
    for text in ("first", "second"):
        source = _folder(tmp_path / text)
        (source / "model").write_text(text)
        _take(IncomingFiles(there), pieces(source, "checkpoints/step-00000007"))
    assert (there / "checkpoints/step-00000007/model").read_text() == "second"
    copy = IncomingFiles(there)
    _take(copy, iter([encode("gone", path="checkpoints/step-00000007")] * 2))
    assert not list((there / "checkpoints").iterdir())


def test_a_file_that_grows_takes_each_piece_at_its_place(tmp_path: Path) -> None:
    copy = IncomingFiles(tmp_path)
    for offset, text in ((0, b"abc"), (3, b"def"), (3, b"DEF")):
        copy.take(Frame("grown", {"path": "tensorboard/x", "offset": offset}, text))
    assert (tmp_path / "tensorboard/x").read_bytes() == b"abcDEF"


@pytest.mark.parametrize(
    "path",
    [
        "../out",
        "/etc/passwd",
        "a/../../b",
        "",
        ".hidden",
        "a//b",
        None,
        7,
        "a\0b",
        *sorted(OWN),
        f"{DRAFTS}/x",
    ],
)
def test_no_frame_reaches_out_of_the_folder_or_at_what_is_written_here(tmp_path: Path, path: object) -> None:
    folder = _folder(tmp_path / "run")
    copy = IncomingFiles(folder, OWN)
    for kind in ("file", "placed", "grown", "gone"):
        with pytest.raises(ProtocolError, match="Expected the path of a file of the run"):
            copy.take(Frame(kind, {"path": path, "offset": 0}, b"evil"))
    assert not list(folder.iterdir()) and list(tmp_path.iterdir()) == [folder]


def test_other_frames_are_left_to_others(tmp_path: Path) -> None:
    assert not IncomingFiles(tmp_path).take(Frame("events", {}, b"{}"))


def _take(copy: IncomingFiles, data: Iterator[bytes]) -> None:
    reader = Reader()
    for piece in data:
        for frame in reader.feed(piece):
            assert copy.take(frame)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}

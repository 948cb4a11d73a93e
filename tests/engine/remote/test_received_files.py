"""Files written from frames: whole or not at all, and only inside the run folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ProtocolError
from engine.remote.messages import CHUNK, Frame, FrameReader, encode
from engine.remote.received_files import DRAFTS, LOCAL_FILES, IncomingFiles, file_frames


def test_files_and_folders_are_copied_unchanged(tmp_path: Path) -> None:
    here, there = _folder(tmp_path / "here"), _folder(tmp_path / "there")
    (here / "empty.json").touch()
    (here / "large.bin").write_bytes(bytes(range(256)) * (CHUNK // 100))
    (_folder(here / "step-00000001") / "a").write_text("A")
    (here / "step-00000001" / "b").write_text("B")
    incoming = IncomingFiles(there)
    for name in ("empty.json", "large.bin", "step-00000001"):
        _apply(incoming, file_frames(here / name, name))
    incoming.close()
    assert _content(there) == _content(here)


def test_a_file_is_replaced_atomically(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"new" * CHUNK)
    there = _folder(tmp_path / "there")
    (there / "kept").write_text("old")
    incoming = IncomingFiles(there)
    *most, last = file_frames(source, "kept")
    _apply(incoming, iter(most))
    assert (there / "kept").read_text() == "old"
    _apply(incoming, iter([last]))
    assert (there / "kept").read_bytes() == source.read_bytes()


def test_a_checkpoint_of_the_same_step_replaces_the_old_one(tmp_path: Path) -> None:
    there = tmp_path / "there"
    for text in ("first", "second"):
        source = _folder(tmp_path / text)
        (source / "model").write_text(text)
        _apply(IncomingFiles(there), file_frames(source, "checkpoints/step-00000007"))
    assert (there / "checkpoints/step-00000007/model").read_text() == "second"
    incoming = IncomingFiles(there)
    _apply(incoming, iter([encode("gone", path="checkpoints/step-00000007")] * 2))
    assert not list((there / "checkpoints").iterdir())


def test_pieces_of_a_growing_file_are_written_at_their_offset(tmp_path: Path) -> None:
    incoming = IncomingFiles(tmp_path)
    for offset, text in ((0, b"abc"), (3, b"def"), (3, b"DEF")):
        incoming.apply(Frame("grown", {"path": "tensorboard/x", "offset": offset}, text))
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
        *sorted(LOCAL_FILES),
        f"{DRAFTS}/x",
    ],
)
def test_no_frame_writes_outside_the_folder_or_to_a_local_file(tmp_path: Path, path: object) -> None:
    folder = _folder(tmp_path / "run")
    incoming = IncomingFiles(folder, LOCAL_FILES)
    for kind in ("file", "placed", "grown", "gone"):
        with pytest.raises(ProtocolError, match="Expected the path of a file of the run"):
            incoming.apply(Frame(kind, {"path": path, "offset": 0}, b"evil"))
    assert not list(folder.iterdir()) and list(tmp_path.iterdir()) == [folder]


def test_other_frames_are_not_handled(tmp_path: Path) -> None:
    assert not IncomingFiles(tmp_path).apply(Frame("events", {}, b"{}"))


def _apply(incoming: IncomingFiles, data: Iterator[bytes]) -> None:
    reader = FrameReader()
    for piece in data:
        for frame in reader.feed(piece):
            assert incoming.apply(frame)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}

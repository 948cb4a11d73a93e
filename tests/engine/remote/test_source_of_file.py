"""A node of a cluster gets the source with the spec."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine import store
from engine.errors import ProtocolError
from engine.experiment_files import prepare, source_store
from engine.places import Places
from engine.remote import sent_files
from engine.remote.messages import FrameReader
from engine.remote.received_files import LOCAL_FILES, IncomingFiles
from engine.store import RunFolder
from tests.engine.experiment_files.files import EMPTY, describe, write
from tests.fakes.engine import make_run


def test_a_node_gets_the_kept_source_and_trains_with_its_own_interpreter(
    places: Places, tmp_path: Path
) -> None:
    write(tmp_path / "own", "pakét/__init__.py", "")
    write(tmp_path / "own", "pakét/tief/mehr.py", "X = 1\n")
    path = write(tmp_path / "own", "my own.py", f"import pakét.tief.mehr\n{EMPTY}")
    file = replace(prepare.keep(places, describe(places, path)), python="/of/this/machine/python")
    folder = store.create(places, replace(make_run(1, experiment=file.name).spec, file=file))
    store.write_amended(folder, {}, file)
    frames = FrameReader().feed(b"".join(sent_files.bundle_frames(folder, 1)))
    incoming = IncomingFiles(tmp_path / "node")
    for frame in frames:
        incoming.apply(frame)
    there = RunFolder(tmp_path / "node")
    spec = store.read_spec(there)
    assert spec.file == replace(file, python="")
    assert json.loads(there.amended.read_bytes())["file"]["python"] == ""
    kept = source_store.folder_in(there.path, file)
    assert set(source_store.read_texts(kept, source_store.read_facts(kept))) == {
        "my own.py", "pakét/__init__.py", "pakét/tief/mehr.py",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["source/a/../../up.py", "source//x", "source/..", "source/a\0b"])
def test_no_file_of_a_source_is_written_outside_of_it(path: str, tmp_path: Path) -> None:
    with pytest.raises(ProtocolError):
        IncomingFiles(tmp_path)._inside(path)


def test_a_node_cannot_change_the_source_that_a_run_keeps(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError):
        IncomingFiles(tmp_path, LOCAL_FILES)._inside("source/a/files/mine.py")

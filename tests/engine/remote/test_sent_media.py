"""Images, texts, tables and histograms of a run on a node arrive before the events that name them."""

from __future__ import annotations

from pathlib import Path

from engine.remote.messages import FrameReader
from engine.remote.received_files import IncomingFiles
from engine.remote.sent_files import OutgoingFiles
from engine.store import RunFolder
from tests.engine.worker.attempts import make_run, new_run


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in ("images", "media")
        for path in sorted((folder / part).glob("*"))
    }


def test_what_a_run_logs_on_a_node_is_here_with_its_events(tmp_path: Path) -> None:
    (tmp_path / "node").mkdir()
    (tmp_path / "here").mkdir()
    there: RunFolder = new_run(tmp_path / "node", "xor")
    outgoing, incoming = OutgoingFiles(there), IncomingFiles(tmp_path / "here")
    run, _ = make_run(there)

    def send() -> list[str]:
        reader = FrameReader()
        frames = [frame for data in outgoing.frames() for frame in reader.feed(data)]
        for frame in frames:
            incoming.apply(frame)
        return [frame.kind for frame in frames]

    run.image("a/b", [[0.0, 1.0]])
    run.table("t", ["n"], [[1]])
    kinds = send()
    assert files_of(tmp_path / "here") == files_of(there.path) and len(files_of(there.path)) == 2
    assert kinds.index("events") > kinds.index("placed") and kinds.index("events") > kinds.index("grown")
    run.step = 2
    run.table("t", ["n"], [[2]])
    run.image("a/b", [[1.0, 0.0]])
    send()
    assert files_of(tmp_path / "here") == files_of(there.path) and len(files_of(there.path)) == 3
    assert "file" not in send()

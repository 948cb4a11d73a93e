"""Runs that somebody else wrote: run folders put on the disk, hostile text in every place that holds text."""

from __future__ import annotations

import os
from pathlib import Path

from engine import process_identity, store
from engine.events import EventWriter
from engine.places import Places
from engine.process_identity import ProcessIdentity
from engine.protocol import Cause, CauseKind, Spec, Status
from engine.store import ExitFacts, KeeperFacts, RunFolder

BEGAN = 1_700_000_000.0


def plant(
    places: Places,
    number: int,
    name: str,
    text: str,
    run_id: str = "",
    *,
    keeper: ProcessIdentity | None = None,
) -> str:
    """A run that failed, `text` in all that is said of it; its id. The highest number is the newest.

    With the keeper given, a living process, it is a run that trains.
    """
    run_id = run_id or f"20240101-{number:06}-planted-{number:04x}"
    folder = RunFolder(places.runs / run_id)
    folder.path.mkdir(mode=0o700, parents=True)
    created = BEGAN + number
    params = {"steps": 9, text: 1.5, "text": text, "texts": text + text}
    spec = Spec(run_id, "counter", params, 1, name, text, 1, text, created)
    store.write_json(folder.spec, store.spec_to_json(spec))
    gone = ProcessIdentity(process_identity.boot_id(), 4_000_000, 1)
    store.write_keeper(folder, KeeperFacts(1, keeper or gone, created))
    if keeper is None:
        cause = Cause(CauseKind.ERROR, text, text)
        store.write_exit(folder, ExitFacts(1, Status.FAILED, cause, created + 9, code=1))
    _tell(folder, text, has_ended=keeper is None)
    folder.log.write_bytes(f"{text}\n{text}\r{text}".encode("utf-8", "surrogatepass") + b"\xff\xfe\x9b31m")
    _damage(folder.checkpoints / "step-00000002", text)
    return run_id


def _tell(folder: RunFolder, text: str, *, has_ended: bool) -> None:
    events = EventWriter(folder.events)
    events.append("started", attempt=1, device=text, total_steps=9, notice=text, versions={text: text})
    events.append("metrics", series={text: [[1, 2], [0.5, 0.25]], "loss": [[1, 2], [1.0, 0.5]]})
    events.append("set", step=2, name=text, value=0.5)
    events.append("checkpoint", step=2, path=text, weights_sha256=text, bytes=1, seconds=0.1)
    events.append("image", tag=text, step=2)
    events.append("note", text=text, severity=text)
    if has_ended:
        cause = {"kind": "error", "text": text, "remedy": text}
        events.append("ended", step=2, status="failed", cause=cause)
    events.close()


def _damage(checkpoint: Path, text: str) -> None:
    checkpoint.mkdir(parents=True)
    (checkpoint / "MANIFEST.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with open(os.fsencode(checkpoint) + b"/" + as_file_name(text), "wb"):
        pass


def as_file_name(text: str) -> bytes:
    """The text as a name that a file may have: no slash, no NUL, short; bytes of any kind."""
    return (text.replace("/", "\u2215").replace("\0", "\x01") or "empty").encode("utf-8", "surrogatepass")[
        :60
    ]

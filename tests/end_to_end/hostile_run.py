"""Run folders written without the engine, with hostile text in every field that holds text."""

from __future__ import annotations

import os
from pathlib import Path

from engine import files, process_identity, store
from engine.events import EventWriter
from engine.places import Places
from engine.process_identity import ProcessIdentity
from engine.protocol import Cause, CauseKind, Spec, Status
from engine.store import ExitFacts, KeeperFacts, RunFolder

FIRST_CREATED = 1_700_000_000.0


def write_hostile_run(
    places: Places,
    number: int,
    name: str,
    text: str,
    run_id: str = "",
    *,
    keeper: ProcessIdentity | None = None,
) -> str:
    """Write a failed run with `text` in every field; returns its id. The highest number is the newest.

    With `keeper`, the identity of a living process, the run is running.
    """
    run_id = run_id or f"20240101-{number:06}-planted-{number:04x}"
    folder = RunFolder(places.runs / run_id)
    folder.path.mkdir(mode=0o700, parents=True)
    created = FIRST_CREATED + number
    params = {"steps": 9, text: 1.5, "text": text, "texts": text + text}
    spec = Spec(run_id, "counter", params, 1, name, text, 1, text, created)
    files.write_json(folder.spec, store.to_json(spec))
    gone = ProcessIdentity(process_identity.boot_id(), 4_000_000, 1)
    store.write_keeper(folder, KeeperFacts(1, keeper or gone, created))
    if keeper is None:
        cause = Cause(CauseKind.ERROR, text, text)
        store.write_exit(folder, ExitFacts(1, Status.FAILED, cause, created + 9, code=1))
    _write_events(folder, text, has_ended=keeper is None)
    folder.log.write_bytes(f"{text}\n{text}\r{text}".encode("utf-8", "surrogatepass") + b"\xff\xfe\x9b31m")
    _write_damaged_checkpoint(folder.checkpoints / "step-00000002", text)
    return run_id


def _write_events(folder: RunFolder, text: str, *, has_ended: bool) -> None:
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


def _write_damaged_checkpoint(checkpoint: Path, text: str) -> None:
    checkpoint.mkdir(parents=True)
    (checkpoint / "MANIFEST.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with open(os.fsencode(checkpoint) + b"/" + as_file_name(text), "wb"):
        pass


def as_file_name(text: str) -> bytes:
    """The text as a file name of at most 60 bytes, without slash and NUL."""
    return (text.replace("/", "\u2215").replace("\0", "\x01") or "empty").encode("utf-8", "surrogatepass")[
        :60
    ]

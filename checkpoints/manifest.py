"""The manifest: the last file written into a checkpoint, and the proof that it is complete."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from checkpoints import strict_json

NAME = "MANIFEST.json"
SCHEMA = 1
LIMIT = 1 << 20
FILE_LIMITS: Mapping[str, int] = {
    "model.safetensors": 16 << 30,
    "train.safetensors": 32 << 30,
    "state.json": 16 << 20,
    "vocab.json": 64 << 20,
}
Fact = str | int | bool

_FIELDS = {"schema", "run_id", "step", "files", "weights_sha256", "env", "seal"}
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileDigest(NamedTuple):
    """Size in bytes and SHA-256 of a file."""

    size: int
    sha256: str


def digest(data: bytes) -> FileDigest:
    """Size and SHA-256 of `data`."""
    return FileDigest(len(data), hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True)
class Manifest:
    """Run, step, files and environment of a checkpoint. Raises ValueError for invalid values."""

    run_id: str
    step: int
    files: Mapping[str, FileDigest]
    weights_sha256: str
    env: Mapping[str, Fact]
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        if type(self.schema) is not int or self.schema != SCHEMA:
            raise ValueError(f"schema {self.schema!r}, this program reads {SCHEMA}")
        if type(self.step) is not int or not 0 <= self.step < 10**12:
            raise ValueError(f"step {self.step!r} is no step number")
        if not isinstance(self.run_id, str) or not _RUN_ID.fullmatch(self.run_id):
            raise ValueError(f"run_id {self.run_id!r} is no run id")
        if not isinstance(self.weights_sha256, str) or not _SHA256.fullmatch(self.weights_sha256):
            raise ValueError(f"weights_sha256 {self.weights_sha256!r} is no SHA-256")
        for name, entry in self.files.items():
            _check_file(name, entry)
        for key, fact in self.env.items():
            if type(fact) not in (str, int, bool):
                raise ValueError(f"env.{key} is {type(fact).__name__}, expected text, integer or truth value")

    @property
    def size(self) -> int:
        """Bytes of all files together, without the manifest."""
        return sum(entry.size for entry in self.files.values())

    def dumps(self) -> bytes:
        """Canonical JSON, with the SHA-256 of its other fields as `seal`."""
        body: dict[str, Any] = {
            "schema": self.schema,
            "run_id": self.run_id,
            "step": self.step,
            "files": {name: list(entry) for name, entry in self.files.items()},
            "weights_sha256": self.weights_sha256,
            "env": dict(self.env),
        }
        return strict_json.dumps(body | {"seal": _seal(body)})


def loads(data: bytes) -> Manifest:
    """Parse a manifest. Raises ValueError for anything but the exact bytes that `dumps` writes."""
    body = strict_json.loads(data, LIMIT)
    if not isinstance(body, dict) or set(body) != _FIELDS:
        raise ValueError(f"expected exactly the fields {', '.join(sorted(_FIELDS))}")
    if body.pop("seal") != _seal(body):
        raise ValueError("the seal does not match")
    if not isinstance(body["files"], dict) or not isinstance(body["env"], dict):
        raise ValueError("files and env have to be objects")
    manifest = Manifest(**body | {"files": {name: _entry(value) for name, value in body["files"].items()}})
    if manifest.dumps() != data:
        raise ValueError("the text is not in canonical form")
    return manifest


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(strict_json.dumps(body)).hexdigest()


def _entry(value: object) -> FileDigest:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("a file entry has to be [size, sha256]")
    return FileDigest(*value)


def _check_file(name: str, entry: FileDigest) -> None:
    if name not in FILE_LIMITS:
        raise ValueError(f"file {name!r} does not belong into a checkpoint")
    if type(entry.size) is not int or not 0 <= entry.size <= FILE_LIMITS[name]:
        raise ValueError(f"{name} claims {entry.size!r} bytes, at most {FILE_LIMITS[name]} are allowed")
    if not isinstance(entry.sha256, str) or not _SHA256.fullmatch(entry.sha256):
        raise ValueError(f"{name} has no SHA-256")

"""The manifest: exact, sealed, and strict about everything it is given."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints import manifest, strict_json
from checkpoints.manifest import FileDigest, Manifest

WHOLE = Manifest(
    "20250102-0304-xor-ab12",
    1200,
    {"model.safetensors": manifest.digest(b"model"), "state.json": manifest.digest(b"")},
    "a" * 64,
    {"torch": "2.13.0", "threads": 2, "deterministic": True},
)


def sealed(**changes: Any) -> bytes:
    """The manifest with other values, sealed as if they were right."""
    body = json.loads(WHOLE.dumps())
    del body["seal"]
    body |= changes
    return strict_json.dumps(body | {"seal": manifest._seal(body)})


def test_what_was_written_is_read() -> None:
    assert manifest.loads(WHOLE.dumps()) == WHOLE
    assert manifest.loads(sealed()) == WHOLE
    assert WHOLE.size == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"schema": True},
        {"schema": 1.0},
        {"step": -1},
        {"step": 1.5},
        {"step": True},
        {"step": "1200"},
        {"run_id": ""},
        {"run_id": "../x"},
        {"run_id": "a\n"},
        {"run_id": 7},
        {"weights_sha256": "A" * 64},
        {"weights_sha256": "a" * 63},
        {"weights_sha256": None},
        {"files": []},
        {"files": {"../../etc/passwd": [1, "a" * 64]}},
        {"files": {"model.pt": [1, "a" * 64]}},
        {"files": {"state.json": [1]}},
        {"files": {"state.json": [-1, "a" * 64]}},
        {"files": {"state.json": [1 << 60, "a" * 64]}},
        {"files": {"state.json": [True, "a" * 64]}},
        {"files": {"state.json": [1, ["a" * 64]]}},
        {"files": {"state.json": {"size": 1, "sha256": "a" * 64}}},
        {"env": None},
        {"env": {"threads": 1.5}},
        {"env": {"threads": [1]}},
        {"more": 1},
    ],
)
def test_a_manifest_that_says_anything_else_is_refused_though_its_seal_is_right(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ValueError):
        manifest.loads(sealed(**changes))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 5000,
        b'{"schema": NaN}',
        WHOLE.dumps() + b"\n",
        WHOLE.dumps().rstrip(),
        WHOLE.dumps().replace(b'"step":1200', b'"step":1200,"step":1200'),
        WHOLE.dumps().replace(b"1200", b"1201"),
        WHOLE.dumps() + b" " * manifest.LIMIT,
    ],
)
def test_bytes_that_are_no_manifest_are_refused_with_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        manifest.loads(data)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(ValueError):
        manifest.loads(data)


def test_a_manifest_that_could_not_be_read_cannot_be_made() -> None:
    with pytest.raises(ValueError, match=r"model\.pt"):
        Manifest("run", 1, {"model.pt": FileDigest(1, "a" * 64)}, "a" * 64, {})
    with pytest.raises(ValueError, match=r"env\.lr"):
        Manifest("run", 1, {}, "a" * 64, json.loads('{"lr": 0.1}'))

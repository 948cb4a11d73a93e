from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.keeper.worker_pipe import read_exit_message
from engine.protocol import Cause, CauseKind, Status

DONE = {"status": "done", "cause": {"kind": "finished", "text": "All epochs are done.", "remedy": ""}}


def line(data: object) -> bytes:
    return json.dumps(data).encode() + b"\n"


def test_the_last_complete_valid_line_is_returned() -> None:
    failed = {"status": "failed", "cause": {"kind": "error", "text": "x"}}
    assert read_exit_message(line(failed) + line(DONE) + b"noise\n" + line(DONE)[:-9]) == (
        Status.DONE,
        Cause(CauseKind.FINISHED, "All epochs are done."),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        line(DONE)[:-1],
        b"[]\n",
        b"null\n",
        line({"status": "done"}),
        line({**DONE, "status": "running"}),
        line({**DONE, "status": "lost"}),
        line({**DONE, "cause": {"kind": "weather", "text": "x"}}),
        line({**DONE, "cause": ["finished"]}),
        b"[" * 60_000 + b"\n",
    ],
)
def test_invalid_messages_are_ignored(data: bytes) -> None:
    assert read_exit_message(data) is None


@given(st.binary())
def test_arbitrary_bytes_are_never_an_error(data: bytes) -> None:
    assert read_exit_message(data) is None

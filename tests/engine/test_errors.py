"""Messages of errors."""

from __future__ import annotations

import errno

import pytest

from engine.errors import DltuiError, EngineError


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("engine.sock: it is a file. Remove it..", "engine.sock: it is a file. Remove it."),
        ("It has no end", "It has no end"),
        ("And so on...", "And so on..."),
    ],
)  # fmt: skip
def test_a_message_that_ends_with_a_sentence_has_one_period(message: str, shown: str) -> None:
    assert DltuiError(message).message == str(EngineError(message)) == shown


def test_no_message_has_the_number_of_an_operating_system_error() -> None:
    denied = PermissionError(errno.EACCES, "Permission denied", "/home/engine.log")
    error = EngineError(f"The log of the engine cannot be used: {denied}", "rm /home/engine.log")
    assert error.message == "The log of the engine cannot be used: Permission denied: '/home/engine.log'"

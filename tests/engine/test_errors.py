"""Messages of errors."""

from __future__ import annotations

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

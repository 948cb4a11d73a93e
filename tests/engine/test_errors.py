"""What can go wrong is said in whole sentences."""

from __future__ import annotations

import pytest

from engine.errors import DltuiError, EngineError


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("engine.sock: it is a file. Remove it..", "engine.sock: it is a file. Remove it."),
        ("It has no end", "It has no end"),
        ("And so on...", "And so on..."),
    ],
)  # fmt: skip
def test_a_sentence_that_ends_with_another_has_one_period(said: str, shown: str) -> None:
    assert DltuiError(said).message == str(EngineError(said)) == shown

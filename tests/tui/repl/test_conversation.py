"""Settings of the conversation."""

from __future__ import annotations

from typing import cast

import pytest

from engine.client.client import Session
from tui.repl.conversation import Conversation
from tui.repl.sampling_settings import PromptSampling
from tui.repl.slash_commands import BY_NAME


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("seed", "", "seed: a fresh one each time"), ("seed", "3", "seed: 3"), ("topk", "all", "topk: all"),
        ("topk", "", "topk: 5"), ("length", "more", "length: 10 more words"),
        ("length", "0", "/length: expected more or a whole number of 1 or more, at most 1000, got '0'"),
    ],
)  # fmt: skip
def test_a_setting_is_noted_with_its_value(name: str, text: str, note: str) -> None:
    conversation = Conversation(cast(Session, None), PromptSampling(top_k=5), lambda: None)
    assert note in conversation.set(BY_NAME[name], text).text()

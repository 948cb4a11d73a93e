"""The bytes of every message on the wire are those that were recorded in tests/stored/wire_bytes.json."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from engine.client import client
from tests.engine.wire_examples import messages

RECORDED = Path(__file__).parent.parent / "stored" / "wire_bytes.json"


def test_every_message_is_written_as_it_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.uuid, "uuid4", lambda: Mock(hex="token"))
    recorded, written = json.loads(RECORDED.read_text()), messages()
    assert written.keys() == recorded.keys()
    assert {name: text for name, text in written.items() if text != recorded[name]} == {}

"""A session in the test's own process, for the tabs."""

from __future__ import annotations

import pytest

from engine.places import Places
from tests.fakes.fake_session import FakeSession


@pytest.fixture
def session(places: Places, monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    made = FakeSession(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: made)
    return made

"""A home with a real engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.places import Places
from tests.river.home import Home


@pytest.fixture
def home(places: Places) -> Iterator[Home]:
    made = Home(places)
    yield made
    made.close()

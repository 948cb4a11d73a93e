"""The embedded corpus."""

from __future__ import annotations

import sys

import pytest

from engine.data.text.corpus_parameter import open_embedded
from engine.errors import DataError


def test_it_is_prose_without_code_and_the_same_every_time() -> None:
    first, second = open_embedded(), open_embedded()
    assert first.digest() == second.digest() and first.layout == "prose"
    content = first.open().read().decode()
    assert len(content) > 100_000 and ">>>" not in content and "::=" not in content


def test_a_python_without_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(DataError, match="comes without pydoc_data"):
        open_embedded()

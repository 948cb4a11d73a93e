"""Which run stands for a network in the table of MNIST networks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from engine.places import Places
from engine.session import mnist_table
from engine.session.cache import SessionCache
from engine.store import RunFolder
from tests.fakes.engine import make_run


def test_a_newer_trial_of_a_sweep_does_not_take_the_place_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_run(1, experiment="mnist", params={"model": "logistic", "batch": 50}).spec
    trial = dataclasses.replace(own, id="trial", sweep="20260101-000000-mnist-sweep-0001")
    newest_first = [(RunFolder(tmp_path), spec) for spec in (trial, own)]
    monkeypatch.setattr(mnist_table, "all_runs", lambda session_cache: newest_first)
    found = mnist_table._newest(SessionCache(Places(tmp_path)))
    assert [spec.id for _, spec in found.values()] == [own.id]

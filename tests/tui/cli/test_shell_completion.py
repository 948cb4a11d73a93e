"""A shell completes runs, experiments and parameters; nothing is started, and nothing goes wrong aloud."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import EngineError
from engine.places import Places
from tests.fakes.engine import FakeEngine, make_run
from tui.cli import shell_completion
from tui.cli.shell_completion import (
    complete_experiment,
    complete_run,
    complete_setting,
    complete_swept,
)


class Typed:
    """What is typed so far."""

    def __init__(self, experiment: str) -> None:
        self.params = {"experiment": experiment}


def words(offered: shell_completion.Candidates) -> list[str]:
    return [word for word, _ in offered]


def test_runs_are_completed_by_name_and_id(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(1, name="plane")
    engine = FakeEngine(run)

    async def connect(found: Places, *, start: bool) -> Any:
        assert not start
        return await engine.connect(found)

    monkeypatch.setattr(shell_completion, "connect", connect)
    assert words(complete_run("")) == ["@last", "plane", run.id]
    assert words(complete_run("pl")) == ["plane"]
    assert words(complete_run("zz")) == []


def test_without_an_engine_ids_come_from_the_folders(places: Places) -> None:
    for name in ("20260101-000001-xor-aaaa", "20260102-000001-xor-bbbb", ".new-x"):
        (places.runs / name).mkdir(parents=True)
    assert words(complete_run("2026")) == ["20260102-000001-xor-bbbb", "20260101-000001-xor-aaaa"]
    assert not places.socket.exists()


def test_a_home_that_cannot_be_used_completes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Places:
        raise EngineError("no home")

    monkeypatch.setattr(shell_completion.places, "home", refuse)
    assert words(complete_run("")) == ["@last"]


def test_experiments_suites_parameters_and_choices_are_completed() -> None:
    assert "xor" in words(complete_experiment("x"))
    assert "lm_four" in words(complete_swept("lm"))
    assert words(complete_setting(Typed("xor"), "l")) == ["loss=", "lr="]  # type: ignore[arg-type]
    assert words(complete_setting(Typed("xor"), "loss=")) == ["loss=bce", "loss=mse"]  # type: ignore[arg-type]
    assert words(complete_setting(Typed("xor"), "bypass=y")) == ["bypass=yes"]  # type: ignore[arg-type]
    assert "layers=" in words(complete_setting(Typed("lm_four"), "la"))  # type: ignore[arg-type]
    assert complete_setting(Typed("nothing"), "") == []  # type: ignore[arg-type]

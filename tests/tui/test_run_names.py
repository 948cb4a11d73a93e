"""Names given by users, automatic names, and equal names."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.protocol import RunSummary
from engine.table_protocol import Page, Query
from tests.fakes.engine import make_run
from tests.fakes.sweeps import make_sweep
from tui.data.run_actions import command_line
from tui.data.run_text import given_name
from tui.data.same_run_name_warning import same_name_warning, same_sweep_name_warning
from tui.dialogs.form_dialog import typed_of


def named(name: str, **facts: Any) -> RunSummary:
    run = make_run(1)
    return replace(run, spec=replace(run.spec, id="20260101-000001-xor-9c0a", name=name, **facts))


@pytest.mark.parametrize(
    ("run", "name"),
    [
        (named("mine"), "mine"),
        (named("xor-9c0a"), ""),
        (named("xor_lanes-9c0a", experiment="xor_batch"), ""),
        (named("xor_batch-9c0a", experiment="xor_batch"), ""),
        (named("xor_lanes-9c0a"), "xor_lanes-9c0a"),
        (named("xor-0000"), "xor-0000"),
        (named("tpe1-3", sweep="20260101-000000-xor-sweep-aaaa", trial=3), ""),
    ],
)
def test_an_automatic_name_is_not_given_to_the_next_run(run: RunSummary, name: str) -> None:
    assert given_name(run) == name
    assert ("--name" in command_line(run)) is bool(name)
    assert typed_of(run)["name"] == name


class Engine:
    def __init__(self, matching: int) -> None:
        self.matching, self.requests = matching, ""

    async def runs(self, query: Query) -> Page:
        self.requests = query.where
        return Page((), self.matching, 9)


@pytest.mark.parametrize("name", ["mine", "my run", "007"])
def test_a_name_given_twice_is_warned_about(name: str) -> None:
    engine: Any = Engine(2)
    said = asyncio.run(same_name_warning(engine, named(name)))
    assert said == f"2 runs are called {name}: verbs need their ids, this one's is 20260101-000001-xor-9c0a."
    assert engine.requests == f'name="{name}"'
    once: Any = Engine(1)
    assert asyncio.run(same_name_warning(once, named(name))) == ""


def test_a_name_of_a_sweep_given_twice_is_warned_about() -> None:
    class Sweeps:
        async def sweeps(self) -> tuple[Any, ...]:
            return (make_sweep(1, name="s"), make_sweep(2, name="s"), make_sweep(3, name="t"))

    client: Any = Sweeps()
    said = asyncio.run(same_sweep_name_warning(client, make_sweep(2, name="s")))
    assert said.startswith("2 sweeps are called s: verbs need their ids, this one's is ")
    assert asyncio.run(same_sweep_name_warning(client, make_sweep(3, name="t"))) == ""


def test_the_forms_of_the_app_warn_of_a_name_given_twice() -> None:
    from tui.dialogs.form_dialog import Launch, submit_launch
    from tui.sweeps.sweep_commands import start_message

    class Both(Engine):
        async def sweeps(self) -> tuple[Any, ...]:
            return (make_sweep(1, name="s"), make_sweep(2, name="s"))

        async def submit(self, *_: Any, **__: Any) -> RunSummary:
            return named("mine")

    client: Any = Both(2)
    said = asyncio.run(start_message(client, make_sweep(2, name="s")))
    assert " trials. 2 sweeps are called s: " in said
    connection: Any = SimpleNamespace(client=client)
    launch = Launch("xor", {}, 1, "mine", "auto")
    said = asyncio.run(submit_launch(connection, launch, lambda run: "mine is started."))
    assert said.startswith("mine is started. 2 runs are called mine: ")
    connection = SimpleNamespace(client=Both(1))
    assert (
        asyncio.run(submit_launch(connection, launch, lambda run: "mine is started.")) == "mine is started."
    )

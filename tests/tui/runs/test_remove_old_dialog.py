"""The runs that ended long ago are listed with the space they use, and then removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from engine.client.client import Client
from engine.errors import InputError
from engine.places import Places
from engine.protocol import Cause, CauseKind, Done, Removal, RemovedItem, Running, RunSummary
from engine.table_protocol import Page, Query
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tui.data.old_runs import OldRuns
from tui.dialogs.confirm import ConfirmDetails
from tui.runs.remove_old_dialog import age_prompt, question, remove

OLD = replace(make_run(1, name="old", state=Done(1_000.0, Cause(CauseKind.FINISHED, "done"))), disk=3 << 20)


class Answers:
    """A client with these runs, of which none began with another."""

    def __init__(self, *runs: RunSummary) -> None:
        self.runs_there, self.asked, self.removed = runs, list[str](), list[str]()

    async def runs(self, query: Query) -> Page:
        self.asked.append(query.where)
        found = () if query.where.startswith("parent") else self.runs_there
        return Page(found, len(found), len(found))

    async def sweeps(self) -> Sequence[Any]:
        return ()

    async def remove(self, *runs: str) -> Removal:
        self.removed += runs
        return Removal(1, 0.0, 86_400.0, tuple(RemovedItem("run", run, run, "done", 3 << 20) for run in runs))


async def test_the_runs_that_pass_the_filter_and_are_old_are_listed_before_they_are_removed() -> None:
    client, found = Answers(OLD, make_run(2, state=Running(1.0))), list[OldRuns]()
    prompt = age_prompt(cast(Client, client), "tag:best", found.append)
    assert await prompt._submit("30d") == ""
    assert client.asked[0] == "(tag:best) and age>2592000s"
    assert [run.id for run in found[0].runs] == [OLD.id] and not client.removed
    text = await remove(cast(Client, client), found[0], "Z")
    assert client.removed == [OLD.id] and text.startswith("1 run is removed: 3.0 MB")


@pytest.mark.parametrize(("age", "told"), [("soon", "got 'soon'"), ("9d", "more than 9d ago")])
async def test_an_age_that_is_none_and_one_that_no_run_has_are_refused(age: str, told: str) -> None:
    prompt = age_prompt(cast(Client, Answers(make_run(2, state=Running(1.0)))), "", lambda found: None)
    with pytest.raises(InputError, match=told):
        await prompt._submit(age)


async def test_the_question_tells_size_and_what_stays(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(2)), size=(80, 24)) as opened:
        await opened.press("X")
        await opened.shows("Remove old runs", "30d", "Nothing is removed")
        await opened.press("escape")
        kept = {"other runs began with it": 2}
        opened.app.push_screen(question(OldRuns((OLD,), kept), "Z"))
        await opened.shows(
            "Remove 1 run, 3.0 MB?", "old (done): 3.0 MB", "Kept: 2 older runs, other runs began with it"
        )
        assert opened.app.screen.query_one(ConfirmDetails)

"""A done run whose events are empty, missing or cut off at the end of a line says so, and stays usable."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.client.client import Client
from engine.places import Places
from engine.protocol import RunSummary, Status
from tests.engine.service.live import SECONDS, connect, serving
from tests.engine.service.runs.test_damaged_runs import EVENTS, done_run, everything, settled
from tests.patience import quiet_seconds

WORDS = (
    "events.jsonl is empty: its curves are lost",
    "events.jsonl is cut off at step 0: the end of attempt 1 is missing",
    "events.jsonl is cut off at step 3: the end of attempt 1 is missing",
    "events.jsonl is cut off at step 3: the end of attempt 1 is missing",
)
"""with so many lines left"""


def cut(path: Path, lines: int) -> None:
    path.write_text("".join(EVENTS.splitlines(keepends=True)[:lines]))


async def damaged(talk: Client) -> RunSummary:
    """The one run there is, once its row says that something of it is damaged."""
    deadline = quiet_seconds() + SECONDS
    while not (found := (await everything(talk)))["one"].damage:
        assert quiet_seconds() < deadline, found
        await asyncio.sleep(0.02)
    return found["one"]


@pytest.mark.parametrize("lines", range(len(WORDS)))
async def test_list_show_and_verify_say_it_and_the_run_stays_done(places: Places, lines: int) -> None:
    folder = done_run(places, "one")
    cut(folder / "events.jsonl", lines)
    async with serving(places), await connect(places) as talk:
        run = (await settled(talk, 1))["one"]
        assert (run.status, run.damage) == (Status.DONE, WORDS[lines])
        assert (await talk.show("one")).damage == WORDS[lines]
        rows = [(Path(row["path"]).name, row["text"], row["ok"]) for row in await talk.verify("one")]
        assert rows == [("events.jsonl", WORDS[lines], False)]


async def test_events_that_are_gone_are_missing(places: Places) -> None:
    (done_run(places, "one") / "events.jsonl").unlink()
    async with serving(places), await connect(places) as talk:
        assert (await damaged(talk)).damage == "events.jsonl is missing: its curves are lost"


async def test_the_end_of_an_earlier_attempt_is_not_the_end(places: Places) -> None:
    folder = done_run(places, "one")
    for name in ("exit.json", "keeper.json", "wanted.json"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace('"attempt": 1', '"attempt": 2'))
    async with serving(places), await connect(places) as talk:
        found = await damaged(talk)
        assert found.damage == "events.jsonl is cut off at step 5: the end of attempt 2 is missing"


async def test_whole_events_are_no_damage(places: Places) -> None:
    done_run(places, "one")
    async with serving(places), await connect(places) as talk:
        run = (await settled(talk, 1))["one"]
        assert (run.damage, await talk.verify("one")) == ("", [])
        assert (await talk.show("one")).damage == ""


async def test_a_run_that_was_whole_is_looked_at_again_when_it_is_shown(places: Places) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as talk:
        assert (await settled(talk, 1))["one"].damage == ""
        cut(folder / "events.jsonl", 2)
        assert (await talk.show("one")).damage == WORDS[2]
        assert (await everything(talk))["one"].damage == WORDS[2]
        (folder / "events.jsonl").write_text(EVENTS)
        assert (await talk.show("one")).damage == ""
        assert (await everything(talk))["one"].damage == ""


async def test_events_that_became_something_else_are_said_when_the_run_is_shown(places: Places) -> None:
    path = done_run(places, "one") / "events.jsonl"
    async with serving(places), await connect(places) as talk:
        await settled(talk, 1)
        path.unlink()
        path.symlink_to("spec.json")
        said = "events.jsonl cannot be opened: it is a link, expected a regular file."
        assert (await talk.show("one")).damage == said
        assert (await everything(talk))["one"].damage == said


async def test_what_was_cut_off_while_no_engine_ran_is_found_when_it_starts(places: Places) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as talk:
        assert (await settled(talk, 1))["one"].damage == ""
    cut(folder / "events.jsonl", 0)
    async with serving(places), await connect(places) as talk:
        assert (await damaged(talk)).damage == WORDS[0]


async def test_verify_makes_the_list_say_it_too(places: Places) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as talk:
        await settled(talk, 1)
        cut(folder / "events.jsonl", 1)
        assert len(await talk.verify("")) == 1
        assert (await everything(talk))["one"].damage == WORDS[1]


async def test_a_field_that_is_put_into_the_spec_of_a_run_at_rest_is_said_when_it_is_shown(
    places: Places,
) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as talk:
        await settled(talk, 1)
        spec = folder / "spec.json"
        spec.write_text(spec.read_text().replace("{", '{"priority": 3, ', 1))
        said = "spec.json holds what this dltui does not know and ignores: priority"
        assert (await talk.show("one")).notice == said
        assert (await everything(talk))["one"].notice == said

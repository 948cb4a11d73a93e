"""A done run whose events are empty, missing or cut off at a line end is reported, and stays usable."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.client.client import Client
from engine.places import Places
from engine.protocol import RunSummary, Status
from tests.engine.service.live import SECONDS, connect, serving
from tests.engine.service.runs.test_damaged_runs import EVENTS, done_run, everything, settled
from tests.timeouts import quiet_seconds

DAMAGES = (
    "events.jsonl is empty: its curves are lost",
    "events.jsonl is cut off at step 0: the end of attempt 1 is missing",
    "events.jsonl is cut off at step 3: the end of attempt 1 is missing",
    "events.jsonl is cut off at step 3: the end of attempt 1 is missing",
)
"""by the number of lines left"""


def cut(path: Path, lines: int) -> None:
    path.write_text("".join(EVENTS.splitlines(keepends=True)[:lines]))


async def damaged(client: Client) -> RunSummary:
    """The only run, once its row has a damage."""
    deadline = quiet_seconds() + SECONDS
    while not (found := (await everything(client)))["one"].damage:
        assert quiet_seconds() < deadline, found
        await asyncio.sleep(0.02)
    return found["one"]


@pytest.mark.parametrize("lines", range(len(DAMAGES)))
async def test_list_show_and_verify_report_it_and_the_run_stays_done(places: Places, lines: int) -> None:
    folder = done_run(places, "one")
    cut(folder / "events.jsonl", lines)
    async with serving(places), await connect(places) as client:
        run = (await settled(client, 1))["one"]
        assert (run.status, run.damage) == (Status.DONE, DAMAGES[lines])
        assert (await client.show("one")).damage == DAMAGES[lines]
        rows = [(Path(row["path"]).name, row["text"], row["ok"]) for row in await client.verify("one")]
        assert rows == [("events.jsonl", DAMAGES[lines], False)]


@pytest.mark.parametrize("status", [Status.PAUSED, Status.STOPPED])
async def test_the_missing_end_of_a_paused_or_stopped_run_is_reported(places: Places, status: Status) -> None:
    folder = done_run(places, "one")
    text = (folder / "exit.json").read_text()
    (folder / "exit.json").write_text(text.replace('"done"', f'"{status}"'))
    cut(folder / "events.jsonl", 3)
    async with serving(places), await connect(places) as client:
        found = await damaged(client)
        assert (found.status, found.damage) == (status, DAMAGES[3])


async def test_a_missing_event_file_is_reported(places: Places) -> None:
    (done_run(places, "one") / "events.jsonl").unlink()
    async with serving(places), await connect(places) as client:
        assert (await damaged(client)).damage == "events.jsonl is missing: its curves are lost"


async def test_the_end_of_an_earlier_attempt_does_not_count(places: Places) -> None:
    folder = done_run(places, "one")
    for name in ("exit.json", "keeper.json", "wanted.json"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace('"attempt": 1', '"attempt": 2'))
    async with serving(places), await connect(places) as client:
        found = await damaged(client)
        assert found.damage == "events.jsonl is cut off at step 5: the end of attempt 2 is missing"


async def test_whole_events_are_no_damage(places: Places) -> None:
    done_run(places, "one")
    async with serving(places), await connect(places) as client:
        run = (await settled(client, 1))["one"]
        assert (run.damage, await client.verify("one")) == ("", [])
        assert (await client.show("one")).damage == ""


async def test_show_reads_the_folder_of_a_settled_run_again(places: Places) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as client:
        assert (await settled(client, 1))["one"].damage == ""
        cut(folder / "events.jsonl", 2)
        assert (await client.show("one")).damage == DAMAGES[2]
        assert (await everything(client))["one"].damage == DAMAGES[2]
        (folder / "events.jsonl").write_text(EVENTS)
        assert (await client.show("one")).damage == ""
        assert (await everything(client))["one"].damage == ""


async def test_show_reports_an_event_file_that_was_replaced_by_a_link(places: Places) -> None:
    path = done_run(places, "one") / "events.jsonl"
    async with serving(places), await connect(places) as client:
        await settled(client, 1)
        path.unlink()
        path.symlink_to("spec.json")
        expected = "events.jsonl cannot be opened: it is a link, expected a regular file."
        assert (await client.show("one")).damage == expected
        assert (await everything(client))["one"].damage == expected


async def test_events_cut_off_while_no_engine_ran_are_found_at_its_start(places: Places) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as client:
        assert (await settled(client, 1))["one"].damage == ""
    cut(folder / "events.jsonl", 0)
    async with serving(places), await connect(places) as client:
        assert (await damaged(client)).damage == DAMAGES[0]


async def test_after_verify_the_list_reports_it_too(places: Places) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as client:
        await settled(client, 1)
        cut(folder / "events.jsonl", 1)
        assert len(await client.verify("")) == 1
        assert (await everything(client))["one"].damage == DAMAGES[1]


async def test_show_reports_an_unknown_field_that_was_added_to_the_spec_of_a_settled_run(
    places: Places,
) -> None:
    folder = done_run(places, "one")
    async with serving(places), await connect(places) as client:
        await settled(client, 1)
        spec = folder / "spec.json"
        spec.write_text(spec.read_text().replace("{", '{"priority": 3, ', 1))
        expected = "spec.json holds what this dltui does not know and ignores: priority"
        assert (await client.show("one")).notice == expected
        assert (await everything(client))["one"].notice == expected

"""A damaged sweep is listed with its reason and starts no trial; other sweeps are unaffected."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine import store
from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.service.sweeps import journal, sweep, sweep_edits
from engine.service.sweeps.sweep_folder import SweepFolder
from engine.service.sweeps.sweeps import load_sweep
from engine.sweep_protocol import EDITS, Prune, SweepStatus, SweepSummary, TrialStatus
from tests import damage
from tests.engine.service.live import SECONDS, connect, serving
from tests.fakes import waits
from tests.timeouts import quiet_seconds

NO_LANES = Prune("median", startup=50)
"""a sweep that prunes trains each trial as a run of its own"""


async def reach_sweep(client: Client, name: str, *wanted: SweepStatus) -> SweepSummary:
    deadline = quiet_seconds() + SECONDS
    while True:
        found = await client.sweep_show(name)
        if found.status in wanted:
            return found
        assert quiet_seconds() < deadline, found
        await asyncio.sleep(0.05)


async def a_done_sweep(places: Places) -> SweepFolder:
    waits.skip(places.root)
    async with serving(places), await connect(places) as client:
        made = await client.sweep_submit("xor", ["hidden=1..2"], {"epochs": 2}, name="grid", prune=NO_LANES)
        await reach_sweep(client, made.id, SweepStatus.DONE)
    return SweepFolder(places.sweeps / made.id)


def copy_of(folder: SweepFolder, name: str) -> SweepFolder:
    """A copy of the sweep under another id, without runs of its own."""
    copied = SweepFolder(folder.path.with_name(name))
    shutil.copytree(folder.path, copied.path)
    copied.spec.write_text(json.dumps({**json.loads(folder.spec.read_text()), "id": name, "token": ""}))
    return copied


def test_every_kind_of_entry_has_a_type() -> None:
    assert set(journal.KINDS) == set(sweep._HANDLERS)
    assert set(journal.EDITS) == set(sweep._EDITS) == set(sweep_edits._HANDLERS) == set(EDITS)


async def test_a_done_sweep_starts_no_trial_whichever_line_of_its_journal_is_damaged(
    places: Places,
) -> None:
    folder = await a_done_sweep(places)
    lines = folder.journal.read_bytes().split(b"\n")[:-1]
    made = []
    for place, line in enumerate(lines):
        for name, change in CHANGES.items():
            copied = copy_of(folder, f"20260101-000000-xor-sweep-{place:02}-{name}")
            copied.standing.unlink()
            kept = [*lines[:place], change(line), *lines[place + 1 :]]
            copied.journal.write_bytes(b"\n".join(kept) + b"\n")
            made.append(copied)
    before = store.list_ids(places)
    async with serving(places), await connect(places) as client:
        known = {each.id: each for each in await client.sweeps()}
        assert known[folder.path.name].status is SweepStatus.DONE
        for copied in made:
            found = await reach_sweep(client, copied.path.name, SweepStatus.PAUSED)
            assert "its journal is damaged at" in found.why, found
        assert store.list_ids(places) == before


def _cut(path: Path) -> None:
    """Remove the last line."""
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[:-2]) + b"\n")


CHANGES: dict[str, Any] = {
    "unread": lambda line: line.replace(b'"kind"', b'"k\x01nd"'),
    "unknown": lambda line: line.replace(b'"kind":"', b'"kind":"x'),
    "unended": lambda line: line[:-1] + b"|",
    "typed": lambda line: line.replace(b'"trial":', b'"trial":"x","t":').replace(
        b'"kind":"exh', b'"kind":"xh'
    ),
}


async def test_a_sweep_with_a_damaged_journal_continues_when_it_is_resumed(places: Places) -> None:
    folder = await a_done_sweep(places)
    lines = folder.journal.read_bytes().split(b"\n")
    lost = next(place for place, line in enumerate(lines) if b'"told"' in line)
    folder.journal.write_bytes(b"\n".join([*lines[:lost], b"{lost", *lines[lost + 1 :]]))
    folder.standing.unlink()
    async with serving(places), await connect(places) as client:
        await reach_sweep(client, folder.path.name, SweepStatus.PAUSED)
        await client.sweep_edit(folder.path.name, "resume")
        done = await reach_sweep(client, folder.path.name, SweepStatus.DONE)
        page = await client.sweep_trials(folder.path.name)
    assert done.why == "" and [row.status for row in page.rows] == [TrialStatus.DONE] * 2
    assert len(store.list_ids(places)) == 2


@pytest.mark.parametrize(
    "do", [Path.unlink, lambda path: path.write_bytes(b""), _cut], ids=["gone", "empty", "cut"]
)
async def test_a_sweep_whose_journal_became_shorter_starts_no_trial_at_any_later_start(
    places: Places, do: Any
) -> None:
    folder = await a_done_sweep(places)
    before = store.list_ids(places)
    do(folder.journal)
    for _ in range(2):
        async with serving(places), await connect(places) as client:
            # Where the end of a trial is lost, its run has to be looked at first.
            await reach_sweep(client, folder.path.name, SweepStatus.PAUSED, SweepStatus.DONE)
            await client.sweep_trials(folder.path.name)
            assert (await client.sweep_show(folder.path.name)).status is not SweepStatus.RUNNING
        assert store.list_ids(places) == before


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_line_cut_off_by_a_crash_is_no_damage(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal.jsonl"
    entry = {
        "kind": "told",
        "trial": 1,
        "metrics": {"loss": 0.125},
        "value": 12.5,
        "cause": "x",
        "held": [1, 2],
    }
    journal.append(path, [entry])
    line = path.read_bytes()[:-1]
    path.write_bytes(line[:cut] + b"\n" + line + b"\n")
    assert [found["kind"] for found in journal.read(path)] in (["told"], ["told", "told"])


async def test_each_damaged_sweep_is_listed_with_its_reason_and_removed_by_its_name(places: Places) -> None:
    folder = await a_done_sweep(places)
    spec = json.loads(folder.spec.read_text())
    made = {}
    kinds = [*damage.of_a_file(), *damage.of_fields(spec)]
    for file in ("sweep.json", "journal.jsonl", "standing.json", "study.journal"):
        for one in kinds if file == "sweep.json" else damage.of_a_file():
            name = f"20260101-000000-xor-sweep-{file}-{one.name}"
            copied = copy_of(folder, name)
            for other in ("standing.json", "study.journal"):
                if file == other:
                    (copied.path / other).write_text('{"size": 5, "sweep": {}}')
            one.do(copied.path / file)
            made[name] = (file, one)
    (places.sweeps / "20260101-000000-xor-sweep-empty").mkdir()
    before = store.list_ids(places)
    async with serving(places), await connect(places) as client:
        known = {each.id: each for each in await client.sweeps()}
        assert set(known) == {*made, folder.path.name, "20260101-000000-xor-sweep-empty"}
        assert known[folder.path.name].status is SweepStatus.DONE
        for name, (file, one) in made.items():
            if file == "sweep.json" and not one.is_harmless:
                assert known[name].status is SweepStatus.DAMAGED and file in known[name].why, known[name]
        checked = {(row["run"], Path(row["path"]).name) for row in await client.verify("") if not row["ok"]}
        for name, (file, one) in made.items():
            is_sure = not one.is_harmless and file in ("sweep.json", "journal.jsonl")
            assert not is_sure or (name, file) in checked, name
        assert (await client.sweep_show("@last")).id == folder.path.name
        damaged = "20260101-000000-xor-sweep-sweep.json-deep"
        with pytest.raises(DltuiError, match="nesting"):
            await client.sweep_trials(damaged)
        await client.sweep_remove(damaged)
        assert damaged not in {each.id for each in await client.sweeps()}
    assert store.list_ids(places) == before


async def test_a_folder_of_sweeps_that_cannot_be_listed_is_an_error(places: Places) -> None:
    places.sweeps.parent.mkdir(parents=True, exist_ok=True)
    places.sweeps.write_text("in place of the folder")
    async with serving(places), await connect(places) as client:
        with pytest.raises(DltuiError, match="sweeps cannot be listed"):
            await client.sweeps()


def test_an_entry_of_another_type_is_damage(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / "20260101-000000-sweep-aaaa")
    folder.path.mkdir()
    from engine.typed_json import to_json
    from tests.engine.service.sweeps.sweep_cases import asked_entry, make_sweep_spec, told_entry

    folder.spec.write_text(json.dumps(to_json(make_sweep_spec("hidden=1..2", experiment="xor"))))
    good = [asked_entry(1, 1, {"hidden": 1}), {"kind": "begun", "trial": 1}, told_entry(1, 0.5)]
    for place, entry in enumerate(good):
        for name in entry:
            for odd in damage.ODD_VALUES:
                changed = [*good[:place], {**entry, name: odd}, *good[place + 1 :]]
                folder.journal.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in changed))
                found = load_sweep(folder)
                found.summary()
                assert found.damage or found.status() is not SweepStatus.PAUSED

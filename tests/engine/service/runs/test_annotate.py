"""Names, tags and notes of runs: what is accepted, where it is kept, and two clients at once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from engine import files, store
from engine.errors import DltuiError, InputError, RunRefused
from engine.places import Places
from engine.protocol import Status
from engine.service.index.index import Index
from engine.service.runs.annotate import NOTE_LIMIT, TAGS_LIMIT, changed
from engine.service_requests import AnnotateRequest
from engine.store import Annotations
from engine.table_protocol import Query
from tests.engine.readers.test_tensorboard_log import scalar, version, write
from tests.engine.service.imports.test_imports import import_all
from tests.engine.service.live import connect, process, reach, serving

OLD = Annotations("first", ("Best", "v1"), "why")


def test_only_what_is_asked_for_changes() -> None:
    assert changed(OLD, AnnotateRequest("r")) == OLD
    assert changed(OLD, AnnotateRequest("r", name="second")) == Annotations("second", OLD.tags, "why")
    assert changed(OLD, AnnotateRequest("r", name="")).name == ""
    assert changed(OLD, AnnotateRequest("r", note=" two\nlines\n")).note == "two\nlines"
    assert changed(OLD, AnnotateRequest("r", add=("v2", "best"), remove=("V1",))).tags == ("Best", "v2")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (AnnotateRequest("r", name="x" * 300), "name: expected up to 64"),
        (AnnotateRequest("r", name="a\u0301" * 20), "name: expected"),
        (AnnotateRequest("r", name="\x1b]0;x\x07"), "name: expected"),
        (AnnotateRequest("r", add=("two words",)), "tag: expected"),
        (AnnotateRequest("r", add=("e\u0301",)), "tag: expected"),
        (AnnotateRequest("r", add=("x" * 41,)), "tag: expected up to 40"),
        (AnnotateRequest("r", add=("-rf",)), "a letter or digit first"),
        (AnnotateRequest("r", add=tuple(f"t{n}" for n in range(10_000))), f"at most {TAGS_LIMIT}"),
        (AnnotateRequest("r", note="x" * (NOTE_LIMIT + 1)), "note: expected at most 4,000"),
        (AnnotateRequest("r", note="\x1b[2J"), "without control characters"),
        (AnnotateRequest("r", note="\udcff"), "without control characters"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(request_: AnnotateRequest, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        changed(OLD, request_)
    assert "\n" not in error.value.message and error.value.message.isprintable()


def test_a_note_that_another_client_changed_is_not_overwritten_by_an_editor() -> None:
    assert changed(OLD, AnnotateRequest("r", note="new", before="why")).note == "new"
    with pytest.raises(RunRefused, match="changed meanwhile"):
        changed(OLD, AnnotateRequest("r", note="new", before="older"))


async def test_a_run_has_its_new_name_everywhere_while_it_trains_and_after(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        run = await client.submit("xor", {"epochs": 5000}, name="before")
        await client.annotate(run.id, name="after", add=["seed-7"], note="looks\ngood")
        running = await reach(client, "after", Status.RUNNING)
        assert (running.spec.name, running.tags, running.note) == ("after", ("seed-7",), "looks\ngood")
        await client.stop(run.id)
        stopped = await reach(client, "after", Status.STOPPED)
        assert (stopped.spec.name, stopped.tags) == ("after", ("seed-7",))
        for where in ("name=after", "tags=SEED-7", "seed-7", "good", "not tags=other"):
            assert [found.id for found in (await client.runs(Query(where))).runs] == [run.id]
        assert (await client.runs(Query("name=before"))).matching == 0
        back = await client.annotate("after", name="", remove=["seed-7"], note="")
        assert (back.spec.name, back.tags, back.note) == ("before", (), "")


async def test_a_home_that_was_moved_keeps_names_and_tags(places: Places, tmp_path: Path) -> None:
    async with serving(places), await connect(places) as client:
        run = await client.submit("xor", {"epochs": 2})
        await reach(client, run.id, Status.DONE)
        await client.annotate(run.id, name="kept", add=["baseline"])
    places.index.unlink()
    moved = Places(places.root.with_name("m"))
    places.root.rename(moved.root)
    async with serving(moved), await connect(moved) as client:
        found = await client.show("kept")
        assert (found.id, found.tags) == (run.id, ("baseline",))


async def test_a_removed_run_comes_back_with_its_note(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        run = await client.submit("xor", {"epochs": 2})
        await reach(client, run.id, Status.DONE)
        await client.annotate(run.id, name="once", note="why")
        removal = await client.remove("once")
        assert removal.items[0].name == "once"
        await client.undo("once")
        assert (await client.show("once")).note == "why"


async def test_two_clients_at_once_lose_no_tag(places: Places) -> None:
    async with serving(places), await connect(places) as one, await connect(places) as other:
        run = await one.submit("xor", {"epochs": 2})
        tags = [f"t{number}" for number in range(20)]
        await asyncio.gather(*((one, other)[n % 2].annotate(run.id, add=[tag]) for n, tag in enumerate(tags)))
        assert set((await one.show(run.id)).tags) == set(tags)


async def test_a_followed_log_keeps_its_name_as_it_grows(places: Places, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    write(folder, version(), scalar(1, 0.5))
    async with serving(places), await connect(places) as client:
        [run_id] = (await import_all(client, folder, idle=60))["found"]
        await client.annotate(run_id, name="theirs", add=["peer"])
        write(folder, scalar(2, 0.25))
        async with asyncio.timeout(60):
            while (await client.show(run_id)).step < 2:
                await asyncio.sleep(0.05)
        [row] = (await client.runs()).runs
        assert (row.spec.name, row.tags, row.step) == ("theirs", ("peer",), 2)


async def test_what_a_newer_version_wrote_is_kept(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        run = await client.submit("xor", {"epochs": 2})
        path = store.folder_of(places, run.id).annotations
        files.write_json(path, {"colour": "red", "tags": ["a"]})
        await client.annotate(run.id, add=["b"])
        assert json.loads(path.read_text()) == {"colour": "red", "tags": ["a", "b"]}


async def test_damaged_annotations_are_reported_and_the_run_keeps_training(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        run = await client.submit("xor", {"epochs": 2}, name="mine")
        await reach(client, run.id, Status.DONE)
        store.folder_of(places, run.id).annotations.write_bytes(b"{")
        found = await client.show(run.id)
        assert (found.spec.name, found.status) == ("mine", Status.DONE)
        assert "annotations.json cannot be read" in found.damage
        with pytest.raises(DltuiError, match=r"annotations\.json cannot be read"):
            await client.annotate(run.id, name="other")


async def test_a_crash_between_file_and_index_is_repaired_at_the_next_start(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        run = await client.submit("xor", {"epochs": 2})
        await reach(client, run.id, Status.DONE)
    async with serving(places) as service:
        await service.index_thread.call(Index.set_status, run.id, Status.QUEUED)
        store.write_annotations(store.folder_of(places, run.id), Annotations("late"))
    with process(places):
        async with await connect(places) as client:
            assert (await reach(client, "late", Status.DONE)).id == run.id

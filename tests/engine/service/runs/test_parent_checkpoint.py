"""`--begin RUN@STEP` at submission: what is refused in one line, and what the new run folder gets."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from checkpoints import folder as checkpoint_folder
from engine import store
from engine.errors import DltuiError, InputError
from engine.places import Places
from engine.protocol import Cause, CauseKind, ParentCheckpoint, Status, spec_from_json
from engine.service.runs import removed_folder
from engine.store import ExitFacts, RunFolder, Wanted
from tests.engine.service.live import connect, reach, serving
from tests.engine.worker.attempts import ScriptedPipe, new_run, train


def a_parent(places: Places, *steps: int, seed: int = 7) -> RunFolder:
    """A paused xor run of 300 epochs with checkpoints of these steps."""
    folder = new_run(places.root, "xor", seed=seed, epochs=300)
    for number, step in enumerate(steps, start=1):
        train(folder, ScriptedPipe({step: {"word": "pause"}}), number=number)
    cause = Cause(CauseKind.PAUSED, "Paused.")
    store.write_wanted(folder, Wanted(len(steps) or 1))
    store.write_exit(folder, ExitFacts(len(steps) or 1, Status.PAUSED, cause, time.time()))
    return folder


@pytest.mark.parametrize(
    ("text", "experiment", "params", "expected"),
    [
        ("{run}", "xor", {}, r"begin: expected RUN@STEP or RUN@best, got '.*'\."),
        ("{run}@", "xor", {}, "begin: expected RUN@STEP or RUN@best"),
        ("{run}@newest", "xor", {}, "begin: expected RUN@STEP or RUN@best"),
        ("{run}@-5", "xor", {}, "begin: expected RUN@STEP or RUN@best"),
        ("nobody@5", "xor", {}, "No run answers to 'nobody'"),
        ("{run}@6", "xor", {}, r"begin: step 6 of .* is not kept\. Kept: 5, 9\."),
        ("{run}@5", "mnist", {}, r"begin: .* is a run of xor, expected one of mnist\."),
        ("{run}@5", "xor", {"hidden": 3}, r"hidden: expected 2, which shapes the checkpoint ....@5, got 3"),
        ("{run}@5", "xor", {"optimizer": "sgd"}, "optimizer: expected adam, .* --set optimizer=adam"),
        ("{run}@5", "xor", {"lr": -1}, "lr: expected"),
    ],
)
async def test_what_cannot_be_begun_with_is_refused_in_one_line_before_a_run_exists(
    places: Places, text: str, experiment: str, params: dict[str, object], expected: str
) -> None:
    parent = a_parent(places, 5, 9)
    async with serving(places), await connect(places) as client:
        with pytest.raises(DltuiError, match=expected) as refused:
            await client.submit(experiment, params, begin=text.format(run=parent.id))
        assert "\n" not in str(refused.value)
        assert store.list_ids(places) == [parent.id]


async def test_a_run_without_a_checkpoint_and_a_damaged_one_are_named(places: Places) -> None:
    empty, damaged = a_parent(places), a_parent(places, 5, 9)
    file = damaged.checkpoints / checkpoint_folder.name_of(5) / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    async with serving(places), await connect(places) as client:
        with pytest.raises(InputError, match=r"begin: .* has no checkpoint\."):
            await client.submit("xor", begin=f"{empty.id}@5")
        with pytest.raises(InputError, match=r"@5 cannot be used: model\.safetensors does not .* kept: 9\."):
            await client.submit("xor", begin=f"{damaged.id}@5")
        assert store.list_ids(places) == sorted([empty.id, damaged.id])
        assert list(places.runs.glob(".new-*")) == []


async def test_the_new_run_has_the_checkpoint_as_hard_links_and_outlives_its_parent(places: Places) -> None:
    parent = a_parent(places, 5, 9)
    async with serving(places), await connect(places) as client:
        child = await client.submit(
            "xor", {"epochs": 60, "lr": 0.5}, seed=3, name="child", begin=f"{parent.id[-4:]}@5"
        )
        assert child.spec.parent == ParentCheckpoint(parent.id, 5, 7)
        assert child.spec.seed == 3 and child.spec.params["lr"] == 0.5
        name = checkpoint_folder.name_of(5)
        ours, theirs = places.runs / child.id / "checkpoints" / name, parent.checkpoints / name
        assert [file.name for file in ours.iterdir() if not file.samefile(theirs / file.name)] == []
        await client.remove(parent.id, now=True)
        assert not parent.path.exists()
        done = await reach(client, child.id, Status.DONE)
        assert done.damage == "" and done.step == 60
        checkpoint_folder.read(ours)


def test_space_that_two_runs_share_is_counted_once(places: Places) -> None:
    parent = a_parent(places, 5)
    alone = removed_folder.size_of(parent.checkpoints)
    child = new_run(places.root, "xor", parent=(parent, 5), epochs=9)
    shared = removed_folder.size_of(parent.checkpoints), removed_folder.size_of(child.checkpoints)
    assert shared[0] == shared[1] == alone // 2 > 0
    assert removed_folder.newest_size(child.checkpoints) == alone


async def test_a_child_that_never_started_is_whole(places: Places) -> None:
    parent = a_parent(places, 5)
    async with serving(places), await connect(places) as client:
        child = await client.submit("xor", name="unstartable", begin=f"{parent.id}@5")
        await reach(client, child.id, Status.FAILED, Status.LOST)
        assert await client.reindex() == 2
        found = await client.show(child.id)
        assert found.damage == "" and [one.step for one in found.checkpoints] == [5]


async def test_without_begin_a_spec_is_written_as_ever_and_with_it_the_parent_is_a_field_more(
    places: Places,
) -> None:
    parent = a_parent(places, 5)
    async with serving(places), await connect(places) as client:
        plain = await client.submit("xor", {"epochs": 3})
        child = await client.submit("xor", {"epochs": 9}, begin=f"{parent.id}@5")
    before, after = (json.loads((places.runs / run.id / "spec.json").read_bytes()) for run in (plain, child))
    assert list(after) == [*before, "parent"] and "parent" not in before
    assert after["parent"] == {"run": parent.id, "step": 5, "seed": 7}
    assert spec_from_json(after).parent == child.spec.parent


@pytest.mark.parametrize("last", [300])
async def test_the_end_of_its_parent_is_refused_only_where_nothing_is_left_to_train(
    places: Places, last: int
) -> None:
    parent = a_parent(places, last)
    async with serving(places), await connect(places) as client:
        with pytest.raises(InputError, match=r"@300 is the end of a run .* nothing is left to train\."):
            await client.submit("xor", {"epochs": last, "lr": 0.1}, begin=f"{parent.id}@{last}")
        child = await client.submit("xor", {"epochs": last + 5}, begin=f"{parent.id}@{last}")
        assert (await reach(client, child.id, Status.DONE)).step == last + 5


async def test_one_token_is_one_child_also_when_its_parent_is_gone_by_then(places: Places) -> None:
    parent = a_parent(places, 5)
    async with serving(places), await connect(places) as client:
        facts = {"experiment": "xor", "params": {"epochs": 9}, "token": "abc", "begin": f"{parent.id}@5"}
        first = await client.request("submit", **facts)
        await client.remove(parent.id, now=True)
        again = await client.request("submit", **facts)
        assert again["run"]["id"] == first["run"]["id"]


def test_a_run_on_a_node_gets_the_checkpoint_it_begins_with(places: Places, tmp_path: Path) -> None:
    from engine.remote.messages import FrameReader
    from engine.remote.received_files import IncomingFiles
    from engine.remote.sent_files import bundle_frames

    parent = a_parent(places, 5)
    child = new_run(places.root, "xor", parent=(parent, 5), epochs=9)
    node = IncomingFiles(tmp_path / "node")
    for frame in FrameReader().feed(b"".join(bundle_frames(child, 1))):
        node.apply(frame)
    copied = RunFolder(tmp_path / "node")
    assert store.read_spec(copied).parent == ParentCheckpoint(parent.id, 5, 7)
    assert checkpoint_folder.steps(copied.checkpoints) == [5]

"""`sweep --begin RUN@STEP`: each trial begins with the checkpoint of another run, which the sweep keeps."""

from __future__ import annotations

import asyncio
import json

import pytest

from checkpoints import folder as checkpoint_folder
from engine import store
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import ParentCheckpoint
from engine.service.sweeps import sweep_folder
from engine.table_protocol import Query
from tests.engine.service.live import connect, serving, until
from tests.engine.service.runs.test_parent_checkpoint import a_parent


@pytest.mark.parametrize(
    ("axes", "facts", "expected"),
    [
        (["hidden=2,3"], {}, r"hidden: expected one value, as it shapes the checkpoint ....@5, got an axis"),
        (["lr=0.1,0.2"], {"params": {"hidden": 3}}, "hidden: expected 2, which shapes the checkpoint ....@5"),
        (["lr=0.1,0.2"], {"begin": "{run}@6"}, r"begin: step 6 of .* is not kept\. Kept: 5"),
        (["lr=0.1,0.2"], {"begin": "{run}"}, "begin: expected RUN@STEP or RUN@best"),
    ],
)
async def test_a_sweep_that_cannot_begin_with_the_checkpoint_is_refused_in_words(
    places: Places, axes: list[str], facts: dict[str, object], expected: str
) -> None:
    parent = a_parent(places, 5)
    given = {"params": {"epochs": 20}, "begin": "{run}@5"} | facts
    given["begin"] = str(given["begin"]).format(run=parent.id)
    async with serving(places), await connect(places) as client:
        with pytest.raises(DltuiError, match=expected) as refused:
            await client.sweep_submit("xor", axes, **given)  # type: ignore[arg-type]
        assert "\n" not in str(refused.value) and sweep_folder.list_ids(places) == []


async def test_each_trial_is_a_child_though_its_parent_is_removed_meanwhile(places: Places) -> None:
    parent = a_parent(places, 5)
    async with serving(places), await connect(places) as client:
        sweep = await client.sweep_submit(
            "xor", ["lr=0.1,0.2"], {"epochs": 20}, seeds=2, parallel=1, begin=f"{parent.id[-4:]}@best"
        )
        expected = ParentCheckpoint(parent.id, 5, 7)
        assert sweep.spec.parent == expected and not sweep.spec.lanes
        await client.remove(parent.id, now=True)
        await until(lambda: len(store.list_ids(places)) == 4)
        kept = sweep_folder.folder_of(places, sweep.id).path / "checkpoints" / checkpoint_folder.name_of(5)
        specs = []
        for run in store.list_ids(places):
            folder = store.folder_of(places, run)
            specs.append(store.read_spec(folder))
            file = folder.checkpoints / kept.name / "model.safetensors"
            assert file.samefile(kept / "model.safetensors")
        assert {spec.parent for spec in specs} == {expected}
        assert sorted((spec.params["lr"], spec.seed) for spec in specs) == [
            (0.1, 1), (0.1, 2), (0.2, 1), (0.2, 2),
        ]  # fmt: skip
        while (await client.runs(Query(f"parent={parent.id[-4:]}@5"))).matching < 4:
            await asyncio.sleep(0.03)
        with pytest.raises(DltuiError, match="hidden: it shapes the checkpoint"):
            await client.sweep_edit(sweep.id, "add", params={"hidden": 3})
    assert json.loads((kept.parents[1] / "sweep.json").read_bytes())["parent"]["step"] == 5


async def test_a_sweep_without_a_parent_is_written_as_ever(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        sweep = await client.sweep_submit("xor", ["lr=0.1,0.2"], {"epochs": 3})
    assert "parent" not in json.loads(sweep_folder.folder_of(places, sweep.id).spec.read_bytes())

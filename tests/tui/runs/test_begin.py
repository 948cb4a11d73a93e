"""A run that begins with a checkpoint of another one: the key, the form, and whose child it is."""

from __future__ import annotations

from engine.places import Places
from engine.protocol import Best, CheckpointFacts, ParentCheckpoint
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tui.data.run_actions import command_line
from tui.dialogs.form_dialog import FormScreen, typed_of
from tui.runs.detail_panes import CheckpointsSheet
from tui.ui.span import row_text

PARENT = ParentCheckpoint("20260101-000000-xor-a1b2", 400, 1)


async def test_the_key_opens_the_form_with_the_best_checkpoint_and_submits_it(places: Places) -> None:
    run = make_run(1, checkpoint_step=900)
    engine = FakeEngine(run)
    engine.checkpoints_of[run.id] = (
        CheckpointFacts(400, "", "ab" * 32, 1, best=0.1), CheckpointFacts(900, "", "cd" * 32, 1),
    )  # fmt: skip
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.press("B")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("enter")
        await opened.until(lambda: engine.begun_with)
        assert engine.begun_with == [f"{run.id}@400"]


async def test_the_table_and_the_overview_say_whose_child_it_is(places: Places) -> None:
    child = make_run(1, parent=PARENT, checkpoint_step=400)
    async with open_app(places, FakeEngine(child), (120, 40)) as opened:
        await opened.shows("child of a1b2@400", "child of  a1b2@400")


def test_the_sheet_names_the_best_checkpoint_and_that_of_the_parent() -> None:
    run = make_run(1, parent=PARENT, best=Best("loss", 0.1, 900))
    sheet = CheckpointsSheet()
    sheet._found, sheet._run = (
        (CheckpointFacts(400, "", "ab" * 32, 1), CheckpointFacts(900, "", "cd" * 32, 1, best=0.1)), run,
    )  # fmt: skip
    rows = [row_text(row) for row in sheet.rows(60)]
    assert "best: loss=0.1" in rows[1] and "of a1b2@400" in rows[2]


def test_a_child_is_repeated_with_its_parent_in_the_form_and_in_the_shell() -> None:
    child = make_run(1, parent=PARENT)
    assert typed_of(child)["parent"] == PARENT.whole
    assert f"--begin {PARENT.whole}" in command_line(child)
    assert "--begin" not in command_line(make_run(2)) and typed_of(make_run(2))["parent"] == ""

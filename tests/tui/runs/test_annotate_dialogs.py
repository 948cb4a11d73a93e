"""Name, tags and note of a run, by keys; and where they are shown."""

from __future__ import annotations

from dataclasses import replace

from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tui.data.annotation_text import first_line, note_lines, tags_text
from tui.data.comparison import differing_rows
from tui.dialogs.text_prompt import TextPrompt
from tui.ui.text_field import TextField


async def test_a_run_is_renamed_and_a_refused_name_can_be_mended(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="old"))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("N")
        await opened.until(lambda: isinstance(opened.app.screen.focused, TextField))
        await opened.press("end", "/", "enter")
        await opened.shows("name: expected up to 64 letters", "old/")
        await opened.press("backspace", "2", "enter")
        await opened.until(lambda: not isinstance(opened.app.screen, TextPrompt))
        await opened.shows("old2")
        assert opened.notices == ["old is called old2 from now on."]


async def test_tags_are_set_on_all_marked_runs_and_only_shared_ones_are_edited(places: Places) -> None:
    runs = [replace(make_run(n, state=done()), tags=tags) for n, tags in ((1, ("a", "b")), (2, ("b", "c")))]
    engine = FakeEngine(*runs)
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.press("space", "space", "#")
        await opened.until(lambda: isinstance(opened.app.screen.focused, TextField))
        await opened.shows("tags of 2 runs")
        await opened.press("end", "backspace")
        await opened.type("#new")
        await opened.press("enter")
        await opened.until(lambda: engine.find(runs[1].id).tags == ("c", "new"))
        assert engine.find(runs[0].id).tags == ("a", "new")


async def test_a_note_of_several_lines_is_shown_and_edited_on_one(places: Places) -> None:
    run = replace(make_run(1), note="loss jumped\nsee step 400", tags=("odd",))
    engine = FakeEngine(run)
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.shows("loss jumped", "see step 400", "#odd")
        await opened.press("a")
        await opened.until(lambda: isinstance(opened.app.screen.focused, TextField))
        await opened.press("end", "!", "enter")
        await opened.until(lambda: engine.find(run.id).note == "loss jumped\nsee step 400!")


async def test_a_long_note_is_left_to_an_editor(places: Places) -> None:
    engine = FakeEngine(replace(make_run(1), note="x" * 1_001))
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.press("a")
        await opened.until(lambda: any("too long for a line" in notice for notice in opened.notices))
        assert not isinstance(opened.app.screen, TextPrompt)


def test_texts_of_a_copied_folder_are_drawn_safely() -> None:
    run = replace(make_run(1), tags=("\x1b[2J", *map(str, range(10_000))), note="a\x07b\nnext\tone")
    assert tags_text(run).startswith("#␛[2J #0") and tags_text(run).endswith("and 9,981 more")
    assert note_lines(run) == ["a␇b", "next    one"] and first_line(run) == "a␇b …"


def test_a_comparison_has_tags_and_notes() -> None:
    one, other = replace(make_run(1), tags=("best",), note="why"), make_run(2)
    rows = {row.name: row.values for row in differing_rows([one, other])}
    assert rows["tags"] == ("#best", "-") and rows["note"] == ("why", "-")

"""Views of the run table that are saved by name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.errors import DltuiError, InputError
from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tui.data import saved_views
from tui.data.saved_views import SavedView
from tui.dialogs.choose import ChooseScreen
from tui.ui.text_field import TextField

VIEW = SavedView(where="xor", sort="loss", descending=False, columns=["name", "loss:14"])


def test_a_view_is_read_as_it_was_saved(places: Places) -> None:
    saved_views.write(places, "my view", VIEW)
    assert saved_views.read(places, "my view") == VIEW and saved_views.names(places) == ["my view"]
    assert (places.views / "my view.json").stat().st_mode & 0o077 == 0
    saved_views.remove(places, "my view")
    assert saved_views.names(places) == []


def test_a_view_of_a_newer_version_is_refused_in_one_line_and_kept(places: Places) -> None:
    places.views.mkdir()
    path = places.views / "later.json"
    path.write_text(text := json.dumps({"version": 2, "where": ["tree"]}))
    for act in (
        lambda: saved_views.read(places, "later"),
        lambda: saved_views.write(places, "later", VIEW),
    ):
        with pytest.raises(DltuiError, match="The view later was saved by a newer dltui") as error:
            act()
        assert "\n" not in str(error.value)
    assert path.read_text() == text


def test_fields_of_another_version_are_kept_and_wrong_ones_have_their_default(places: Places) -> None:
    places.views.mkdir()
    (places.views / "v.json").write_text(json.dumps({"where": 3, "sort": "lr", "colour": "red"}))
    assert saved_views.read(places, "v") == SavedView(sort="lr", unknown={"colour": "red"})
    saved_views.write(places, "v", VIEW)
    assert saved_views.read(places, "v") == replace(VIEW, unknown={"colour": "red"})


@pytest.mark.parametrize("name", ["", "../x", "a/b", "x" * 300, "a\u0301", "\x1b[2J", ".hidden"])
def test_a_name_that_is_no_file_name_is_refused(places: Places, name: str) -> None:
    with pytest.raises(InputError, match="view: expected up to 64 letters"):
        saved_views.write(places, name, VIEW)


def test_a_damaged_view_and_one_that_is_not_there_are_told(places: Places) -> None:
    places.views.mkdir()
    (places.views / "bad.json").write_text("{")
    with pytest.raises(DltuiError, match="The view bad cannot be used"):
        saved_views.read(places, "bad")
    with pytest.raises(InputError, match="There is no view 'x'") as error:
        saved_views.read(places, "x")
    assert error.value.remedy == "There are: bad."


async def test_a_view_is_saved_opened_and_kept_for_the_next_start(places: Places) -> None:
    runs = (make_run(1, name="one", params={"lr": 0.5}), make_run(2, name="two", experiment="mnist"))
    async with open_app(places, FakeEngine(*runs), (120, 40)) as opened:
        tab = opened.app.runs
        await opened.press("slash")
        await opened.type("one")
        await opened.press("enter")
        await opened.until(lambda: tab.pages.query.where == "one" and tab.pages.loaded)
        tab.table.choose(["lr", "name"])
        await opened.press("V")
        await opened.until(lambda: isinstance(opened.app.screen, ChooseScreen))
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen.focused, TextField))
        await opened.type("mine")
        await opened.press("enter")
        await opened.until(lambda: saved_views.names(places) == ["mine"])
        await opened.press("escape")
        await opened.until(lambda: not tab.pages.query.where)
        tab.table.choose([])
    async with open_app(places, FakeEngine(*runs), (120, 40)) as opened:
        tab = opened.app.runs
        await opened.press("V")
        await opened.until(lambda: isinstance(opened.app.screen, ChooseScreen))
        await opened.shows("mine")
        await opened.press("enter")
        await opened.until(lambda: tab.pages.query.where == "one")
        assert [column.name for column in tab.table.chosen] == ["lr", "name"]

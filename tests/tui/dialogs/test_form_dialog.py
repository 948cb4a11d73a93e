"""The form of a new run, by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog import find
from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tui.dialogs.form_dialog import FormScreen, launch_screen
from tui.dialogs.help import HelpScreen
from tui.dialogs.pick_experiment import PickScreen


async def test_a_run_can_be_sent_to_a_cluster(places: Places) -> None:
    engine = FakeEngine()
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        assert "ray_address" not in opened.text
        await opened.press("up", "right")
        await opened.shows("ray_address")
        await opened.press("down")
        await opened.type("auto")
        await opened.press("enter")
        await opened.until(lambda: engine.executors)
        assert engine.executors == ["ray@auto"]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_form_shows_the_data_folder(
    places: Places, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    async with open_app(
        places, FakeEngine(make_run(1, experiment="mnist", params={}, data="/of/the/run")), size
    ) as opened:
        await opened.press("R")
        await opened.shows("data: /of/the/run", "launch", "keys")
        await opened.press("escape")
        await opened.until(lambda: not isinstance(opened.app.screen, FormScreen))
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, PickScreen))
        await opened.press("down")
        await opened.press("enter")
        await opened.shows("data: no folder named")


def test_the_values_that_a_recipe_decides_are_shown() -> None:
    assert launch_screen(find("lm"), {})._outcome.text == "auto: lr=0.01, dropout=0, clip=off"
    assert (
        launch_screen(find("lm"), {"recipe": "tuned", "lr": "0"})._outcome.text == "auto: dropout=0.5, clip=1"
    )
    assert launch_screen(find("xor"), {})._outcome.text == ""


def test_a_decimal_comma_is_named_in_the_form() -> None:
    assert (
        "Write 0.01: the decimal point is a dot."
        in launch_screen(find("xor"), {"lr": "0,01"}).form.errors["lr"]
    )


@pytest.mark.parametrize(("digit", "tab"), [("2", "xor"), ("4", "mnist")])
async def test_alt_and_a_digit_leave_the_form_for_that_tab(places: Places, digit: str, tab: str) -> None:
    engine = FakeEngine()
    async with open_app(places, engine) as opened:
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press(f"alt+{digit}")
        await opened.until(lambda: not isinstance(opened.app.screen, FormScreen))
        await opened.until(lambda: opened.app.state.tab == tab)
        assert not engine.requests


async def test_alt_and_a_digit_leave_a_list_and_a_help_above_a_form(places: Places) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, PickScreen))
        await opened.press("alt+2")
        await opened.until(lambda: len(opened.app.screen_stack) == 1 and opened.app.state.tab == "xor")
        await opened.press("1", "n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("f1")
        await opened.until(lambda: isinstance(opened.app.screen, HelpScreen))
        await opened.press("alt+4")
        await opened.until(lambda: len(opened.app.screen_stack) == 1 and opened.app.state.tab == "mnist")


async def test_a_dialog_removes_messages_about_earlier_actions_and_keeps_errors(places: Places) -> None:
    async with open_app(places, FakeEngine()) as opened:
        opened.app.notify("r1 is paused.", markup=False)
        opened.app.notify("the disk is full", severity="error", markup=False)
        await opened.until(lambda: len(opened.notices) == 2)
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, PickScreen))
        await opened.until(lambda: opened.notices == ["the disk is full"])


async def test_a_key_of_the_form_that_has_no_room_is_left_out_whole(places: Places) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.type("abc")
        await opened.shows("1 field is wrong: hidden")
        row = next(line for line in opened.text.splitlines() if "1 field is wrong" in line)
        assert row.rstrip(" │").endswith(("keys", "defaults", "next"))


def test_the_form_warns_of_a_missing_data_folder(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    assert launch_screen(find("mnist"), {}, gone)._fact == (
        f"data: {gone} is no folder any more: a run that needs it fails"
    )
    assert launch_screen(find("mnist"), {}, str(tmp_path))._fact == f"data: {tmp_path}"


def words_of(text: str) -> str:
    """What the screen says, without its frames and line breaks."""
    return " ".join("".join(" " if letter in "│┃█" else letter for letter in text).split())


async def test_an_error_of_a_field_is_shown_to_its_last_word_at_80_columns(places: Places) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        form = opened.app.screen.form  # type: ignore[attr-defined]
        form.set_texts({"lr": "0,01"})
        form.go_to("lr")
        error = form.errors["lr"]
        assert len(error) > 80 and error.endswith("the decimal point is a dot.")
        await opened.until(lambda: error in words_of(opened.text))
        await opened.press("down")
        await opened.type("9")
        await opened.until(lambda: form.typed()[form.field.name].endswith("9"))
        assert error in words_of(opened.text)


async def test_an_error_of_all_fields_is_shown_to_its_last_word_at_80_columns(
    places: Places,
) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        screen = opened.app.screen
        error = "expected fields that fit together, got others: " + "so many words " * 20 + "remedy"
        screen._submit_error = error  # type: ignore[attr-defined]
        screen._update()  # type: ignore[attr-defined]
        await opened.until(lambda: error in words_of(opened.text))
        await opened.shows("launch", "back")

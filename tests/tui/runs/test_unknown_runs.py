"""What pages show before the runs are loaded, and where there are none."""

from __future__ import annotations

import pytest

from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tests.fakes.fake_session import FakeSession
from tests.fakes.sweeps import make_sweep
from tui.drawings.half_block_canvas import ImageCanvas
from tui.keys.user_keymap import Keymap
from tui.messages import EngineStalled
from tui.mnist.empty_state import paint_empty_state
from tui.xor.tab import XorTab

PAGES = [
    ("2", "t"),
    ("2", "d"),
    ("2", "f"),
    ("2", "e"),
    ("3", "t"),
    ("4", "m"),
    ("4", "r"),
    ("4", "f"),
    ("4", "b"),
]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)


@pytest.mark.parametrize("keys", PAGES)
async def test_a_page_does_not_say_that_there_is_nothing_before_the_engine_was_asked(
    places: Places, session: FakeSession, keys: tuple[str, str]
) -> None:
    engine = FakeEngine()
    engine.is_up = False
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.shows("cannot be reached")
        await opened.press(*keys)
        await opened.shows("connecting to the engine")
        for words in ("trained yet", "not trained", "trains", "set up a sweep", "start all", "computing"):
            assert words not in opened.text


@pytest.mark.long
@pytest.mark.parametrize("keys", PAGES)
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_an_empty_page_says_what_to_press_and_nothing_is_cut(
    places: Places, session: FakeSession, keys: tuple[str, str], size: tuple[int, int]
) -> None:
    async with open_app(places, FakeEngine(), size) as opened:
        await opened.press(*keys)
        await opened.until(lambda: "connecting" not in opened.text and "loading the" not in opened.text)
        await opened.until(
            lambda: (
                " s train" in opened.text
                or "s  train" in opened.text
                or "s run" in opened.text
                or "n  set up" in opened.text
            )
        )
        assert "…" not in opened.text and "computing balanced" not in opened.text
        assert "full screen" not in opened.text


async def test_what_was_not_done_is_shown_without_what_the_banner_shows(places: Places) -> None:
    engine = FakeEngine()
    engine.is_up = False
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("2", "e", "s")
        await opened.until(lambda: opened.notices)
        assert opened.notices == ["Not done: the engine is not connected."]


async def test_why_an_engine_that_is_gone_does_not_come_back_is_shown_with_its_remedy(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="alpha"))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.shows("alpha")
        engine.disconnect()
        await opened.shows("Engine gone, reconnecting.", "dltui engine start")
        assert "cannot be reached" in " ".join(opened.text.split())


async def test_a_silence_before_the_first_answer_is_not_an_old_screen(places: Places) -> None:
    engine = FakeEngine()
    engine.is_up = False
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.shows("cannot be reached")
        opened.app.post_message(EngineStalled(6.0))
        await opened.shows("The engine has not answered for 6 s.", "dltui engine stop")
        assert "out of date" not in opened.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_tab_keeps_its_views_in_sight_beside_what_it_says(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    async with open_app(places, FakeEngine(), size) as opened:
        await opened.press("2", "f")
        await opened.shows("failure map", "experiments")
        tab = opened.app.switcher.active_tab
        assert isinstance(tab, XorTab)
        tab.bar.set_note(
            "newer: a network with a long name, o opens it; and this is the last word of it: remedy"
        )
        await opened.shows("by hand", "failure map", "experiments", "remedy")
        tab.bar.set_note("")
        await opened.until(lambda: "remedy" not in opened.text)


async def test_why_a_sweep_does_not_move_is_shown_whole_and_once(places: Places) -> None:
    engine = FakeEngine()
    why = (
        "trial 1 logged accuracy, loss; there is no val_acuracy, and so the sweep cannot be steered: stopped"
    )
    engine.sweeps.put(make_sweep(1, why=why), ())
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("3")
        await opened.until(lambda: why in " ".join(opened.text.split()))
        assert " ".join(opened.text.split()).count("trial 1 logged") == 1


def said(run: object, width: int = 80) -> str:
    canvas = ImageCanvas(width, 20, "colour")
    paint_empty_state(canvas, run, Keymap(), "its filters.")  # type: ignore[arg-type]
    lines = ["".join(patch.text for patch in line) for line in canvas.lines()]
    return " ".join(" ".join(lines).split())


def test_a_run_with_a_checkpoint_does_not_wait_for_its_first_one() -> None:
    words = said(make_run(1, name="deep", state=done(), step=40, checkpoint_step=40))
    assert "loading its weights" in words and "first checkpoint" not in words


def test_a_run_that_ended_without_a_checkpoint_says_so_and_what_to_press() -> None:
    words = said(make_run(1, name="deep", state=done(), step=40))
    assert "no checkpoint" in words and "s trains double_conv" in words

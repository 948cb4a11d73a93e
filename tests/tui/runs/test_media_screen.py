"""Images, texts, tables and histograms of the shown runs: by step, side by side, their difference."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from engine.events import Event, EventWriter
from engine.logged_media import MediaWriter
from engine.places import Places
from engine.protocol import RunSummary
from engine.session_protocol.media import PictureRequest
from engine.worker import png
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tests.fakes.fake_session import FakeSession
from tui.drawings.heat import ColourMode
from tui.drawings.pixel_rows import Pixels, picture_rows
from tui.runs.media_screen import MediaScreen
from tui.runs.media_sheet import MOST_SPANS
from tui.ui.span import Row

STEPS = list(range(1, 101))


def picture(seed: int, side: int = 8) -> bytes:
    return png.encode_grey([bytes((x * y * seed) % 256 for x in range(side)) for y in range(side)])


def logged(places: Places, number: int, first: int = 10, *, is_running: bool = False) -> RunSummary:
    """A run with an image every ten steps, sentences, a table, and one damaged image."""
    state = None if is_running else done()
    run = make_run(number, name=f"run {number}", state=state, step=100, metrics={"loss": 0.01})
    folder = places.runs / run.id
    folder.mkdir(parents=True)
    events = EventWriter(folder / "events.jsonl")
    media = MediaWriter(folder, events.append, print, 1)
    for step in range(first, 101, 10):
        media.image("digits", step, picture(number * step))
        media.text("sample", step, f"run {number} says {step}")
    media.table("scores", 50, ["class", "right"], [["a", number], ["b", 2]])
    media.histogram("weights", 50, [[0, 1, number], [1, 2, 3]])
    media.image("broken", 50, picture(1)[:30])
    events.close()
    return run


@pytest.fixture
def engine(places: Places) -> FakeEngine:
    runs = logged(places, 1), logged(places, 2, first=15)
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, STEPS, loss=[1.0 / step for step in STEPS]))
    return engine


async def open_both(opened: AppPilot) -> MediaScreen:
    await opened.shows("run 1", "step")
    await opened.press("space", "down", "space", "asterisk")
    await opened.until(lambda: isinstance(opened.app.screen, MediaScreen))
    await opened.shows("digits", "sample", "scores", "weights", "broken", "8 x 8")
    assert isinstance(opened.app.screen, MediaScreen)
    return opened.app.screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_marked_runs_are_side_by_side_at_one_step_and_the_crosshair_follows(
    places: Places, session: FakeSession, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with open_app(places, engine, size) as opened:
        screen = await open_both(opened)
        assert screen.step == 100 and opened.text.count("━━ run") == 2
        await opened.press("home")
        await opened.shows("step 10", "begins at step 15", "1 of 19")
        await opened.press("right", "right")
        await opened.shows("step 20", "step 15, none at 20", "loss 0.05")
        await opened.press("escape")
        await opened.shows("step 20")
        assert opened.app.runs.chart.view.crosshair == 20


async def test_an_image_of_noise_is_coarser_while_one_scrubs_and_whole_when_one_rests(
    places: Places, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(1, name="noisy", state=done(), step=3, metrics={"loss": 0.01})
    (places.runs / run.id).mkdir(parents=True)
    events = EventWriter(places.runs / run.id / "events.jsonl")
    media = MediaWriter(places.runs / run.id, events.append, print, 1)
    random = Random(0)
    for step in (1, 2, 3):
        media.image("noise", step, png.encode_grey([random.randbytes(40) for _ in range(30)]))
    events.close()
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2, 3], loss=[3.0, 2.0, 1.0]))
    limits: list[int] = []

    def recorded(pixels: Pixels, columns: int, rows: int, mode: ColourMode, most: int) -> list[Row]:
        limits.append(most)
        return picture_rows(pixels, columns, rows, mode, most)

    monkeypatch.setattr("tui.runs.media_rows.picture_rows", recorded)
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.shows("noisy", "step")
        await opened.press("asterisk")
        await opened.shows("noise", "40 x 30")
        await opened.until(lambda: MOST_SPANS in limits and limits[-1] == 0)
        limits.clear()
        await opened.press("left")
        await opened.until(lambda: "2 of 3" in opened.text and MOST_SPANS in limits and limits[-1] == 0)


async def test_texts_tables_and_histograms_have_a_difference_to_the_first_run(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with open_app(places, engine, (120, 40)) as opened:
        await open_both(opened)
        await opened.press("d")
        await opened.shows("run 2 minus run 1", "most ", "full is brighter")
        await opened.press("down", "down")
        await opened.shows("+run 2 says 95", "-run 1 says 100")
        await opened.press("down")
        await opened.shows("class  right")
        await opened.until(lambda: "a          1  " in opened.text and opened.text.count("b          0") == 1)
        await opened.press("down")
        await opened.shows("of the numbers lie elsewhere")
        await opened.press("d")
        await opened.shows("4 numbers from 0 to 2", "5 numbers from 0 to 2")


async def test_a_run_without_the_tag_has_no_column_and_is_counted(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    folder = places.runs / next(iter(engine.runs_by_id))
    events = EventWriter(folder / "events.jsonl")
    MediaWriter(folder, events.append, print, events.seq + 1).text("alone", 5, "only here")
    events.close()
    async with open_app(places, engine, (80, 24)) as opened:
        await open_both(opened)
        await opened.press("down", "down", "down")
        await opened.shows("only here", "1 run without it")
        assert opened.text.count("━━ run") == 1


async def test_one_run_is_compared_with_its_step_before(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.shows("run 1", "step")
        await opened.press("asterisk")
        await opened.shows("digits", "8 x 8")
        await opened.press("d", "left")
        await opened.shows("minus step 80", "most ")


async def test_a_damaged_image_is_a_line_and_tags_are_filtered(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with open_app(places, engine, (80, 24)) as opened:
        await open_both(opened)
        await opened.press("down")
        await opened.shows("The image cannot be")
        await opened.press("slash")
        await opened.type("wei")
        await opened.press("enter")
        await opened.until(lambda: "digits" not in opened.text)
        await opened.shows("weights", "numbers")
        await opened.press("slash", "z", "enter")
        await opened.shows("No tag passes the filter z")


async def test_what_is_logged_later_comes_to_the_screen(places: Places, session: FakeSession) -> None:
    runs = logged(places, 1, is_running=True), logged(places, 2)
    engine, run = FakeEngine(*runs), runs[0].id
    engine.append(run, metrics(1, STEPS, loss=[1.0 / step for step in STEPS]))
    async with open_app(places, engine, (120, 40)) as opened:
        screen = await open_both(opened)
        events = EventWriter(places.runs / run / "events.jsonl")
        MediaWriter(places.runs / run, events.append, print, events.seq + 1).image("digits", 110, picture(3))
        events.close()
        engine.append(run, Event(2, 1_003.0, "image", {"tag": "digits", "step": 110, "file": "x"}))
        await opened.until(lambda: screen.step == 110)
        await opened.shows("step 110", "11 of 11")


async def test_what_is_shown_is_saved_to_a_file(
    places: Places, session: FakeSession, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.shows("run 1", "step")
        await opened.press("asterisk")
        await opened.shows("digits", "8 x 8")
        await opened.press("s")
        await opened.shows("save image digits of run 1, step 100")
        await opened.press("enter")
        await opened.until(lambda: (tmp_path / "run-1-digits-100.png").exists())
        assert (tmp_path / "run-1-digits-100.png").read_bytes() == picture(100)
        await opened.press("s", "enter")
        await opened.shows("exists.")


async def test_without_media_the_screen_says_how_to_log_them(places: Places, session: FakeSession) -> None:
    run = make_run(1, name="bare", state=done())
    (places.runs / run.id).mkdir(parents=True)
    async with open_app(places, FakeEngine(run), (80, 24)) as opened:
        await opened.shows("bare")
        await opened.press("asterisk")
        await opened.shows("Nothing was logged beside numbers", "dltui_track.image")
        await opened.press("right", "down", "d", "s", "p", "end", "escape")
        await opened.until(lambda: not isinstance(opened.app.screen, MediaScreen))


async def test_sharp_pixels_are_shown_where_the_terminal_can_and_named_where_not(
    places: Places, session: FakeSession, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.terminal.image_protocol.is_prepared", lambda: False)
    async with open_app(places, engine, (80, 24)) as opened:
        await open_both(opened)
        await opened.press("p")
        await opened.until(lambda: any("Sharp pictures: install" in text for text in opened.notices))
        assert all(request.width < 100 for request in session.sent(PictureRequest))

"""The dialog that asks for confirmation."""

from __future__ import annotations

from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tui.dialogs.confirm import ConfirmDetails


async def test_a_question_about_more_runs_than_fit_scrolls_to_the_last_of_them(places: Places) -> None:
    runs = [make_run(number, name=f"run-{number:02}", state=done()) for number in range(1, 31)]
    async with open_app(places, FakeEngine(*runs), size=(80, 24)) as opened:
        opened.app.runs.shown.marks = [run.id for run in runs]
        opened.app.runs.follow()
        await opened.press("D")
        await opened.shows("Remove 30 runs?", "run-01 (done): is removed", "cancel", "scroll")
        assert "run-30 (done)" not in opened.text
        await opened.press("G")
        await opened.shows("run-30 (done): is removed", "brings them back", "cancel")


async def test_a_question_that_fits_offers_no_scrolling(places: Places) -> None:
    runs = [make_run(1, name="one", state=done())]
    async with open_app(places, FakeEngine(*runs), size=(80, 24)) as opened:
        await opened.press("D")
        await opened.shows("Remove one?", "brings it back", "cancel")
        assert opened.app.screen.query_one(ConfirmDetails).max_scroll_y == 0
        assert "scroll" not in opened.text

"""The filter above a table, and what it says about the filter that is typed."""

from __future__ import annotations

from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run

ERROR = (
    "position 12: expected a number, got 'many'. Text fields can be compared with = and != only; "
    "numbers with < and >; every word without a sign is searched in names. Remedy"
)


def words_of(text: str) -> str:
    return " ".join(text.split())


async def test_an_error_of_the_filter_is_shown_to_its_last_word_at_80_columns(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(1, name="one")), (80, 24)) as opened:
        await opened.press("slash")
        await opened.type("one")
        await opened.shows("1 of 1")
        opened.app.runs.filter_bar.set_note(ERROR, is_error=True)
        await opened.until(lambda: ERROR in words_of(opened.text))
        assert "one" in opened.text
        opened.app.runs.filter_bar.set_note("1 of 1")
        await opened.until(lambda: "Remedy" not in opened.text)
        await opened.shows("1 of 1")
        await opened.until(lambda: opened.app.runs.filter_bar.size.height == 1)

"""The fetched pages of the trials of a sweep."""

from __future__ import annotations

from dataclasses import replace

from engine.sweep_protocol import TrialPage, TrialQuery
from tests.fakes.sweeps import make_trial
from tui.data.trial_pages import PAGE, TrialPages, key_of
from tui.ui.pages import PAGES_KEPT


def page_of(query: TrialQuery, total: int = 10_000) -> TrialPage:
    first = query.offset + 1
    rows = tuple(make_trial(number) for number in range(first, min(first + query.limit, total + 1)))
    return TrialPage(rows, (), total, total)


def asked() -> TrialPages:
    pages = TrialPages(TrialQuery())
    pages.set_sweep("one", TrialQuery())
    return pages


def fill(pages: TrialPages, first: int, last: int) -> None:
    for query in pages.missing(first, last):
        pages.put("one", query, page_of(query))


def test_only_visible_pages_are_requested() -> None:
    pages = asked()
    fill(pages, 0, 20)
    assert pages.matching == 10_000 and pages.missing(0, 20) == []
    assert [query.offset for query in pages.missing(PAGE - 1, PAGE)] == [PAGE]
    fill(pages, 9_990, 9_999)
    assert key_of(pages.at(9_999)) == 10_000 and pages.index_of(10_000) == 9_999


def test_distant_pages_are_dropped() -> None:
    pages = asked()
    for first in range(0, 10_000, PAGE):
        fill(pages, first, first)
    assert len(pages.entries()) == PAGE * PAGES_KEPT
    assert pages.at(0) is None and pages.at(9_999) is not None


def test_a_page_of_an_older_query_is_ignored() -> None:
    pages = asked()
    query = pages.missing(0, 0)[0]
    pages.set_sweep("one", TrialQuery(where="lr>1"))
    pages.put("one", query, page_of(query))
    assert not pages.loaded
    pages.put("two", replace(query, where="lr>1"), page_of(query))
    assert not pages.loaded


def test_stale_entries_stay_visible_until_the_page_comes() -> None:
    pages = asked()
    fill(pages, 0, 0)
    pages.expire()
    assert pages.at(0) is not None and len(pages.missing(0, 0)) == 1
    pages.set_sweep("one", TrialQuery(sort="value"))
    assert pages.at(0) is not None
    pages.set_sweep("two", TrialQuery(sort="value"))
    assert pages.at(0) is None

"""The fetched pages of the run table."""

from __future__ import annotations

from dataclasses import replace

from engine.protocol import RunSummary
from engine.table_protocol import Page, Query, SweepRow
from tests.fakes.engine import make_run
from tui.data.run_pages import PAGE, RunPages
from tui.ui.pages import PAGES_KEPT

RUNS = [make_run(number) for number in range(1, 351)]


def filled(pages: RunPages, first: int, last: int, runs: list[RunSummary] = RUNS) -> None:
    for query in pages.missing(first, last):
        found = tuple(runs[query.offset : query.offset + query.limit])
        pages.put(query, Page(found, len(runs), len(runs)))


def test_only_visible_pages_are_requested() -> None:
    pages = RunPages()
    assert [query.offset for query in pages.missing(90, 110)] == [0, PAGE]
    filled(pages, 90, 110)
    assert pages.missing(0, 199) == [] and pages.matching == 350
    assert pages.at(105) == RUNS[105] and pages.at(250) is None and pages.index_of(RUNS[105].id) == 105


def test_a_changed_run_is_replaced_in_its_row() -> None:
    pages = RunPages()
    filled(pages, 0, 10)
    changed = replace(RUNS[7], step=9)
    assert pages.update([changed, make_run(999), RUNS[8]]) == [7]
    assert pages.at(7) == changed


def test_stale_rows_stay_visible_until_the_page_comes() -> None:
    pages = RunPages()
    filled(pages, 0, 10)
    pages.expire()
    assert pages.at(0) == RUNS[0] and len(pages.missing(0, 10)) == 1
    filled(pages, 0, 10, RUNS[1:])
    assert pages.at(0) == RUNS[1] and pages.index_of(RUNS[0].id) is None and pages.missing(0, 10) == []


def test_rows_stay_while_a_new_query_has_no_page() -> None:
    pages = RunPages()
    filled(pages, 0, 110)
    pages.set_query(replace(pages.query, where="loss<"))
    assert pages.at(0) == RUNS[0] and pages.at(105) == RUNS[105] and not pages.loaded
    filled(pages, 0, 10, RUNS[200:210])
    assert pages.at(0) == RUNS[200] and pages.at(105) is None and pages.index_of(RUNS[0].id) is None


def test_a_page_of_an_older_query_is_ignored() -> None:
    pages = RunPages()
    old = pages.missing(0, 10)[0]
    pages.set_query(Query(where="xor"))
    pages.put(old, Page(tuple(RUNS[:PAGE]), 350, 350))
    assert not pages.loaded and pages.at(0) is None


def test_distant_pages_are_dropped() -> None:
    many = [make_run(number) for number in range(1, PAGE * (PAGES_KEPT + 4))]
    pages = RunPages()
    for first in range(0, len(many), PAGE):
        filled(pages, first, first, many)
    assert pages.at(len(many) - 1) is not None and pages.at(0) is None
    assert len(pages.known()) <= PAGE * PAGES_KEPT


def test_rows_of_sweeps_are_between_those_of_runs() -> None:
    sweep = SweepRow(1, "20260101-000000-xor-sweep-aaaa", "xor", 3, {"done": 3}, 1.0)
    pages = RunPages(Query(by_sweep=True))
    (query,) = pages.missing(0, 10)
    pages.put(query, Page(tuple(RUNS[:2]), 5, 5, sweeps=(sweep,), length=3))
    assert [pages.at(row) for row in range(3)] == [RUNS[0], sweep, RUNS[1]]
    assert (pages.matching, pages.passing, pages.index_of(sweep.id)) == (3, 5, 1)
    assert pages.known() == RUNS[:2] and pages.find(sweep.id) is None and pages.find_sweep(sweep.id) == sweep

"""`dltui ls --columns` and `--view`: what is printed of given runs, and which query a view becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.places import Places
from engine.table_protocol import Page
from tests.fakes.engine import make_run
from tui.cli import ls
from tui.data import saved_views
from tui.data.saved_views import SavedView

RUNS = (
    replace(make_run(1, name="one", metrics={"loss": 0.5}, params={"loss": "bce", "lr": 0.1}), tags=("a",)),
    make_run(2, name="two", metrics={}, params={"loss": "mse", "lr": 0.01}),
)


def test_columns_are_printed_in_their_order_and_a_missing_one_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ls._print_columns(["tags", "lr", "loss", "name", "lrr"], Page(RUNS, 2, 2))
    printed = capsys.readouterr()
    title, one, two = (line.split() for line in printed.out.splitlines())
    assert title == ["RUN", "TAGS", "LR", "LOSS", "NAME", "LRR"]
    assert (one[1:], two[1:]) == (["#a", "0.1", "0.5", "one"], ["0.01", "two"])
    assert printed.err == "None of these runs has lrr: the column is empty. Did you mean lr?\n"


def test_a_view_gives_filter_order_and_columns_and_what_is_typed_goes_first(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(places.root))
    view = SavedView(where="xor or mnist", sort="loss", descending=False, columns=["name", "loss:14", "a:b"])
    saved_views.write(places, "v", view)
    assert ls._of_view("v", "", "created", False, "") == ("xor or mnist", "loss", True, "name,loss,a:b")
    both = "(xor or mnist) and (lr<1 or lr>2)"
    assert ls._of_view("v", "lr<1 or lr>2", "name", True, "lr") == (both, "name", True, "lr")


def test_a_view_that_cannot_be_used_is_an_error_in_one_line(
    places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(places.root))
    with pytest.raises(SystemExit) as ended:
        ls._of_view("no", "", "created", False, "")
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[0] == "There is no view 'no'."

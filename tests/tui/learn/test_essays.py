"""Essays: in the editor of one's own, and in place where there is none or it fails."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import DltuiError
from engine.places import Places
from tests.fakes.fake_session import FakeSession
from tests.tui.learn.bench import learn_tab
from tests.tui.learn.test_cards import ask, card, log
from tui.app import LabApp
from tui.learn.card_screen import CardScreen
from tui.learn.notes_screen import NotesScreen, with_heading
from tui.terminal.editor import check_writable, run_editor

ESSAY = "l02.history.essay"
WRITES = f"{sys.executable} -c \"import sys; open(sys.argv[1], 'a').write('a thought of mine')\""


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The terminal of the test can be lent; what happened to it."""
    told: list[str] = []

    @contextlib.contextmanager
    def suspend(app: LabApp) -> Iterator[None]:
        told.append("lent")
        yield  # as Textual's: an error out of the block leaves the app suspended
        told.append("back")

    monkeypatch.setattr(LabApp, "suspend", suspend)
    return told


async def test_an_essay_is_written_in_the_editor_under_its_question(
    places: Places, session: FakeSession, lent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", WRITES)
    async with learn_tab(places) as opened:
        await ask(opened, ESSAY)
        await opened.press("enter")
        await opened.shows("Your text is kept in")
    heading, _, text = (places.learn / "notes" / "l02.md").read_text().split("\n")
    assert heading.startswith("## A field slowed down after 1969.") and text == "a thought of mine"
    assert lent == ["lent", "back"] and [line["kind"] for line in log(places.learn)] == ["note", "note"]


@pytest.mark.parametrize(
    ("editor", "why"),
    [("no-such-editor", "No such file"), ("false", "ended with 1"), ("'", "cannot be used")],
)
async def test_where_the_editor_fails_the_app_comes_back_and_one_writes_in_place(
    places: Places,
    session: FakeSession,
    lent: list[str],
    monkeypatch: pytest.MonkeyPatch,
    editor: str,
    why: str,
) -> None:
    monkeypatch.setenv("EDITOR", editor)
    async with learn_tab(places) as opened:
        await ask(opened, ESSAY)
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, NotesScreen))
        assert lent == ["lent", "back"] and why in opened.notices[-1]
        await opened.shows("## A field slowed down")
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, CardScreen))
    assert (places.learn / "notes" / "l02.md").read_text() == ""


async def test_a_terminal_that_cannot_be_lent_leaves_one_to_write_in_place(
    places: Places, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", WRITES)
    async with learn_tab(places) as opened:
        await ask(opened, ESSAY)
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, NotesScreen))
        assert "cannot be lent" in opened.notices[-1]


async def test_notes_that_are_read_only_are_not_opened(
    places: Places, session: FakeSession, lent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", WRITES)
    monkeypatch.setattr("tui.learn.essay.check_writable", refused)
    async with learn_tab(places) as opened:
        await ask(opened, ESSAY)
        await opened.press("enter")
        await opened.until(lambda: "l02.md is read-only. chmod u+w" in card(opened).note)
    assert not lent


async def test_notes_that_cannot_be_kept_are_left_at_the_second_escape(
    places: Places, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)

    def full(path: Path, text: str) -> None:
        raise DltuiError(f"{path.name} cannot be written: the disk is full.")

    monkeypatch.setattr("engine.course.notes.write", full)
    async with learn_tab(places) as opened:
        await ask(opened, ESSAY)
        await opened.press("enter")
        await opened.shows("## A field slowed down")
        await opened.type("mine")
        await opened.press("escape")
        await opened.shows("the disk is full", "esc once more leaves it", "mine")
        await opened.type("!")
        await opened.press("escape")
        await opened.shows("the disk is full", "mine!")
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, CardScreen))


def refused(path: str) -> None:
    """As for a user who may not write there; whoever runs the tests may be root."""
    raise DltuiError(f"{path} is read-only.", f"chmod u+w {path}")


def test_a_file_that_can_be_written_is_no_complaint(tmp_path: Path) -> None:
    check_writable(str(tmp_path / "new"))


def test_an_editor_that_ends_with_an_error_is_named(tmp_path: Path) -> None:
    with pytest.raises(DltuiError, match=r"The editor .sh -c 'exit 3'. ended with 3"):
        run_editor("sh -c 'exit 3'", str(tmp_path / "file"))


def test_the_question_stands_once_above_its_essay() -> None:
    text = with_heading("before", "Why?")
    assert text == "before\n\n## Why?\n\n" and with_heading(text + "Because.", "Why?") == text + "Because."

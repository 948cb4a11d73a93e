"""`dltui learn today`, `progress`, `exam`, `reset`, `export`, `import`, answered in the test's process."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.course.due import read_learned
from engine.course.exam import exam_state
from engine.course.library import read_library
from engine.course.marking import Marked
from engine.course.questions import compute, question
from engine.course.review import LearnLog
from engine.errors import DltuiError
from engine.places import Places
from tests.engine.course.test_review import BIAS, LIBRARY, SECTION, answer
from tests.engine.worker.attempts import new_run, train
from tests.fakes.fake_session import FakeSession
from tui.cli import learn_session
from tui.cli.commands import app
from tui.cli.engine_call import fail

ANKI = (
    "#separator:tab\n#html:true\nWhat is σ(0)?\t<b>One half</b>\tmaths\nTwo\tparts:<br>one<br>two\n\nalone\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))

    def call_session(request: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            return asyncio.run(request(FakeSession(Places(tmp_path))))  # type: ignore[arg-type]
        except DltuiError as error:
            fail(error)

    monkeypatch.setattr(learn_session, "call_session", call_session)
    return tmp_path


def run(*words: str, status: int = 0, typed: str = "") -> Any:
    done = CliRunner().invoke(app, ["learn", *words], input=typed)
    assert done.exit_code == status, done.output
    return done


def test_learn_alone_invites_and_later_says_what_is_due(home: Path) -> None:
    assert "Nothing is begun. Lecture 1" in run().stdout
    learner = LearnLog(home / "learn")
    learner.see(SECTION, time.time())
    answer(learner, BIAS, 3, time.time() - 5 * 86400)
    said = run("today").stdout
    assert said.startswith("1 due, about 1 minute") and "28 days: 1 card on 1 day" in said
    assert json.loads(run("today", "--json").stdout)["due"] == [BIAS]


def test_progress_is_a_line_for_each_lecture(home: Path) -> None:
    learner = LearnLog(home / "learn")
    answer(learner, BIAS, 3, time.time())
    learner.record("l02.gone.recall", learner.question(BIAS, item(BIAS)), 3, marked(), time.time(), ms=1000)
    said = run("progress").stdout
    assert "l02      The perceptron" in said and "2 marks on 1 day" in said
    assert "l02.gone.recall is in no deck; marks that are kept: 1" in said
    assert "which are kept: 1" in run("today").stdout


def item(item_id: str) -> Any:
    return LIBRARY.find_item(item_id)


def marked() -> Any:
    return Marked(3, True)


def right_lines(home: Path) -> list[str]:
    """What to type for the items of the newest exam that were not answered, and all recalls graded right."""
    state = exam_state(list(LearnLog(home / "learn").state.exams.values())[-1])
    lines = []
    for name in state.open_items:
        asked = question(item(name), state.plan.item_seed(name))
        key: Any = compute(asked).key
        if isinstance(key, tuple):
            lines.append(" ".join(str(place + 1) for place in key))
        elif isinstance(key, str) and asked.choices:
            lines.append(str(asked.choices.index(key) + 1))
        else:
            lines.append(str(key + 1) if asked.choices else str(key).replace("\n", " "))
    return [*lines, *["y"] * 20]


def test_an_exam_is_left_resumed_and_reported(home: Path) -> None:
    left = run("exam", "--lectures", "2", "--seed", "4", typed="z\nq\n")
    assert "It continues with: dltui learn exam" in left.stderr and left.stdout == ""
    assert "An exam was left: dltui learn exam" in run().stdout
    done = run("exam", "--known", typed="\n".join(right_lines(home)) + "\n")
    assert "The exam that you left: 25 minutes left." in done.stderr
    assert done.stdout.startswith("# 20 of 20") and "| The perceptron | 20 | 20 |" in done.stdout
    assert "20 cards start as known." in done.stdout
    assert len(read_learned(home / "learn").state.cards) == 20


def test_an_answer_that_is_none_is_asked_again_and_the_report_can_be_json(home: Path) -> None:
    run("exam", "--lectures", "2", "--seed", "4", typed="q\n")
    lines = right_lines(home)
    done = run("exam", "--json", typed="\n".join(["x y", *lines]) + "\n")
    assert "answer: expected" in done.stderr
    assert json.loads(done.stdout)["right"] == 20


@pytest.mark.usefixtures("home")
def test_the_day_of_an_exam_is_set_and_taken_back() -> None:
    assert "each once in the last week" in run("exam", "--on", "2030-05-01").stderr
    assert json.loads(run("today", "--json").stdout)["exam_on"] == "2030-05-01"
    assert "No day of an exam" in run("exam", "--on", "none").stderr
    assert "exam_on: expected a day such as" in run("exam", "--on", "May", status=2).stderr


def test_a_reset_asks_first(home: Path) -> None:
    answer(LearnLog(home / "learn"), BIAS, 3, time.time())
    run("reset", "2", typed="n\n")
    assert "1 card reset." in run("reset", "2", "--yes").stderr
    assert LearnLog(home / "learn").state.cards == {}
    assert "reset: expected an item" in run("reset", "l99", "--yes", status=2).stderr


def test_logs_of_two_machines_are_merged_and_a_second_import_adds_nothing(home: Path, tmp_path: Path) -> None:
    other = LearnLog(tmp_path / "other")
    answer(other, BIAS, 3, time.time() - 86400)
    answer(LearnLog(home / "learn"), BIAS, 3, time.time() - 5 * 86400)
    exported = tmp_path / "log.jsonl"
    exported.write_bytes(other.path.read_bytes() + b'torn {"id"')
    assert "1 line added, 0 there before, 1 line could not be read." in run("import", str(exported)).stderr
    assert "0 lines added, 1 there before" in run("import", str(exported)).stderr
    log = LearnLog(home / "learn")
    assert [entry.get("item") for entry in log.state.marks] == [BIAS, BIAS]
    assert log.state.cards[BIAS].reviews == 1  # that of the newer mark, as it was computed there
    assert len(run("export", "--log").stdout.splitlines()) == 2
    assert "import: there is no file" in run("import", str(tmp_path / "no"), status=2).stderr


def test_text_of_anki_becomes_a_deck_that_is_asked(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "My cards.txt"
    path.write_text(ANKI)
    said = run("import", str(path)).stderr
    assert (
        "2 cards added, 0 there before, 1 line could not be read." in said and "The deck is my-cards" in said
    )
    assert "0 cards added, 2 there before" in run("import", str(path)).stderr
    queue = read_learned(home / "learn").queue(time.time())
    assert len(queue.new) == 2 and all(name.startswith("my-cards:l01.c") for name in queue.new)
    cards = read_library(home / "learn").decks["my-cards:"]
    assert [one.ask for one in cards.items.values()] == ["What is σ(0)?", "Two"]
    assert cards.problems == ()
    assert run("check", str(home / "learn" / "decks" / "my-cards")).stdout.endswith("no problem\n")
    path.write_bytes(b"\x00\x01")
    assert "expected a log or Anki's plain text" in run("import", str(path), status=2).stderr


def test_questions_are_written_as_anki_reads_them_and_come_back(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "dltui.txt"
    run("export", "--anki", str(path))
    text = path.read_text()
    assert text.startswith("#separator:tab\n") and f"\n{BIAS}\t" in text
    assert "--log, --anki and --notes" in run("export", "--log", "--notes", status=2).stderr
    run("import", str(path))
    asks = {one.ask.split("\n")[0] for one in read_library(home / "learn").decks["dltui:"].items.values()}
    assert item(BIAS).ask in asks


def test_notes_are_one_text(home: Path) -> None:
    folder = home / "learn" / "notes"
    folder.mkdir(parents=True)
    (folder / "l02.md").write_text("XOR needs two lines.")
    assert run("export", "--notes").stdout == "# The perceptron\n\nXOR needs two lines.\n"


def test_a_closed_stdin_leaves_the_exam(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "It continues with" in run("exam", "--lectures", "1").stderr


def test_an_aid_that_looks_into_runs_says_what_it_shows(home: Path) -> None:
    made = run("aid", "loss_slice", "--set", "reach=0.5")
    assert "An example: no run of yours fits. Start one: dltui run xor" in made.stderr
    assert "loss in the middle of the slice" in made.stdout
    folder = new_run(home, "xor", epochs=20)
    train(folder)
    told = json.loads(run("aid", "loss_slice", "--json").stdout)
    assert told["run"] == folder.id and "over the four rows" in told["note"]
    assert "run" not in json.loads(run("aid", "loss_slice", "--set", "of=example", "--json").stdout)


def test_what_cannot_be_reset_is_refused_before_anybody_is_asked(home: Path) -> None:
    refused = run("reset", "l99", status=2)
    assert "reset: expected an item" in refused.stderr and "once more" not in refused.stderr


def test_a_folder_is_no_log(home: Path) -> None:
    assert "import: expected a log" in run("import", str(home), status=2).stderr

"""`dltui learn`: what its verbs print, and a review by lines typed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.course.due import read_learned
from engine.course.line_review import LineReview
from engine.course.review import LearnLog
from tests.engine.course.test_formats import make
from tests.engine.course.test_review import BIAS, NOON, SECTION, answer
from tui.cli.commands import app


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    return tmp_path


def run(*words: str, status: int = 0) -> Any:
    done = CliRunner().invoke(app, ["learn", *words])
    assert done.exit_code == status, done.output
    return done


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


@pytest.mark.usefixtures("home")
def test_lectures_texts_and_terms_are_printed() -> None:
    assert {one["id"] for one in told("lectures")} >= {"l01", "l02"}
    assert "The perceptron" in run("lectures").stdout
    text = run("show", "2.3").stdout
    assert "Fourteen of sixteen" in text and "> dltui learn aid census --set inputs=3" in text
    assert max(map(len, text.splitlines())) <= 100
    assert len(told("show", "l02")["sections"]) == 9
    assert "an AND for each row" in run("words", "building theorem").stdout
    assert [one["name"] for one in told("words", "BTU")] == ["binary threshold unit"]


@pytest.mark.usefixtures("home")
def test_an_aid_is_computed_with_its_parameters() -> None:
    made = told("aid", "neuron", "--set", "x1=1", "--set", "w1=3", "--seed", "4")
    assert made["values"]["z"] == 3 - 2 + 1 and made["seed"] == 4
    assert set(made) == {"name", "params", "seed", "values", "data"}
    assert "weighted sum plus bias" in run("aid", "neuron").stdout
    assert {one["name"] for one in told("aids")} >= {"neuron", "gate_lab"}


@pytest.mark.usefixtures("home")
def test_what_was_shown_is_asked_from_then_on() -> None:
    assert told("due")["new"] == 0
    run("show", "2.2")
    assert told("due")["new"] == 1
    run("aid", "builder")
    assert told("due")["new"] == 2


@pytest.mark.usefixtures("home")
def test_an_item_is_drawn_with_its_computed_key() -> None:
    one, other = (told("item", "l02.distance.number", "--seed", seed) for seed in ("1", "2"))
    for made in (one, other):
        assert made["key"] == pytest.approx(abs(made["params"]["b"]) / 5)
        assert made["tol"] == {"abs": 0.01, "rel": 0.0} and made["seed"] in (1, 2)
    assert "key   nothing" in run("item", "l02.doubled.choice").stdout
    order = run("item", "l02.share.order").stdout
    assert "key   of one input, of two inputs, of three inputs, of four inputs" in order


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "words",
    [("show", "77"), ("show", "2.99"), ("words", "zzz"), ("aid", "zzz"), ("aid", "neuron", "--set", "x1=a"),
     ("item", "l99.x.recall"), ("check", "/nowhere")],
)  # fmt: skip
def test_what_is_not_there_is_refused_in_one_line(words: tuple[str, ...]) -> None:
    done = run(*words, status=2)
    assert done.stdout == "" and "expected" in done.stderr and "Traceback" not in done.stderr


def test_a_deck_with_mistakes_is_told_line_by_line(home: Path) -> None:
    make(home / "deck", items='[[item]]\nid = "l01.own.quiz"\nkind = "quiz"\n')
    done = run("check", str(home / "deck"), status=1)
    assert "l01-own/items.toml:3: l01.own.quiz kind: expected one of recall" in done.stdout
    assert all(
        f"l01.own.quiz {name}: expected text, got nothing." in done.stdout for name in ("ask", "explain")
    )
    assert done.stdout.splitlines()[-1] == "1 lecture, 0 items, 1 aid, 4 problems"
    make(home / "right")
    assert told("check", str(home / "right"))["ok"] is True
    shutil.copytree(home / "right", home / "learn" / "decks" / "mine")
    assert told("check", "mine") == told("check", str(home / "right"))


def test_due_is_answered_before_typer_is_imported(home: Path) -> None:
    answer(LearnLog(home / "learn"), BIAS, 1, NOON)
    code = (
        "import sys, json; sys.argv = ['dltui', 'learn', 'due', '--json']\n"
        "from tui.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "print(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, modules = done.stdout.splitlines()
    made = json.loads("\n".join(lines))
    assert (made["due"], made["lectures"]) == (1, [{"id": "l02", "due": 1}])
    assert set(made) == {"due", "new", "minutes", "next", "lectures"}
    assert not {"typer", "numpy", "fsrs", "rich", "textual"} & set(json.loads(modules))
    assert told("due") == made


def review(learn: Path, *lines: str, limit: int | None = None) -> tuple[int, str]:
    """The marks made and all that was told, for lines that are typed."""
    typed, said = list(lines), []
    clock = iter(range(10**6))

    def ask(prompt: str) -> str | None:
        said.append(prompt)
        return typed.pop(0) if typed else None

    marked = LineReview(learn, ask, said.append, lambda: NOON + next(clock)).run(limit)
    return marked, "\n".join(said)


def test_a_review_asks_marks_and_ends(home: Path) -> None:
    learn = home / "learn"
    LearnLog(learn).see(SECTION, NOON)
    marked, said = review(learn, "", "9", "3")
    assert marked == 1
    assert "It moves the line, parallel to itself." in said and "expected 1 to 4" in said
    assert "Next on 2026-12-02." in said and "Nothing more is due today." in said
    assert BIAS in LearnLog(learn).state.cards


def test_a_review_can_be_put_off_undone_and_left(home: Path) -> None:
    learn = home / "learn"
    LearnLog(learn).see(SECTION, NOON)
    assert review(learn, "z")[0] == 0
    assert review(learn, "", "1", "u", "q")[0] == 1
    assert LearnLog(learn).state.cards == {}
    assert "Taken back" not in review(learn, "q")[1]


def test_a_prediction_is_locked_and_run_and_a_killed_review_keeps_it(home: Path) -> None:
    learn = home / "learn"
    LearnLog(learn).see("aid:temperature", NOON)
    items = read_learned(learn).queue(NOON).new
    assert "l02.cold.predict" in items
    later = ["z"] * items.index("l02.cold.predict")
    marked, said = review(learn, *later, "2", "it falls", limit=1)
    assert marked == 1 and "Locked." in said
    state = LearnLog(learn).state
    assert state.newest_mark() is not None and state.newest_mark().get("seen") == "it falls"  # type: ignore[union-attr]
    assert state.cards["l02.cold.predict"].reviews == 1


def test_a_number_is_asked_twice_with_a_hint(home: Path) -> None:
    learn = home / "learn"
    LearnLog(learn).see("aid:builder", NOON)
    marked, said = review(learn, "nan", "?", "99", "98")
    assert marked == 1
    assert "One unit for each row that is built." in said and "Not yet; try once more." in said
    assert "answer: expected a number" in said and "off by" in said

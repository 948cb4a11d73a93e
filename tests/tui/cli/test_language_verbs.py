"""`dltui predict`, `generate`, `score` and the words of two models, from a shell: data out, talk aside."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.places import Places
from engine.protocol import Status
from tests.fakes.language_run import write_run
from tui.cli import commands
from tui.cli.guard import run_command


@dataclass(frozen=True, slots=True)
class Said:
    returncode: int
    stdout: str
    stderr: str


Shell = Callable[..., Said]


@pytest.fixture
def shell(places: Places, capsys: pytest.CaptureFixture[str]) -> Shell:
    """`dltui` in this process; the session that answers is one of its own, as ever."""

    def run(*words: str) -> Said:
        code = run_command(lambda: commands.app(list(words)))
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def forward(places: Places) -> str:
    return write_run(places)


@pytest.fixture
def back(places: Places, forward: str) -> str:
    return write_run(places, direction="reversed")


def told(found: Said) -> Any:
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_predict_prints_the_next_words(shell: Shell, forward: str) -> None:
    found = shell("predict", "i love chocolate", "-k", "3")
    assert found.returncode == 0
    assert found.stdout.splitlines()[0].endswith("cupcakes")
    assert f"{forward} (forward): last weights (step 1,200)" in found.stderr


def test_predict_as_json_is_a_list_of_words_with_their_probabilities(shell: Shell, forward: str) -> None:
    rows = told(shell("predict", "i love chocolate", "-k", "3", "--json"))
    assert [set(row) for row in rows] == [{"word", "p"}] * 3
    assert rows[0]["word"] == "cupcakes"
    assert rows[0]["p"] > rows[1]["p"] >= rows[2]["p"] > 0


def test_generate_as_json_can_be_repeated_by_its_seed(shell: Shell, forward: str) -> None:
    first = told(shell("generate", "love i", "--json"))
    assert set(first) == {"text", "words", "logp", "seed"}
    assert first["words"][:2] == ["love", "i"]
    assert len(first["words"]) == 7
    assert told(shell("generate", "love i", "--json", "--seed", str(first["seed"]))) == first


def test_generate_may_end_by_itself_or_search(shell: Shell, forward: str) -> None:
    greedy = told(shell("generate", "i", "--until-eos", "--temperature", "0", "--json"))
    assert greedy["text"] == "i love cupcakes"
    best = told(shell("generate", "i", "--until-eos", "--beam", "3", "--json"))
    assert (best["text"], best["seed"]) == ("i love cupcakes", None)
    assert best["logp"] == pytest.approx(greedy["logp"])
    refused = shell("generate", "i", "--beam", "3", "--temperature", "2")
    assert refused.returncode == 2
    assert "--beam searches and draws nothing" in refused.stderr


def test_score_as_json_has_its_shape(shell: Shell, forward: str) -> None:
    answer = told(shell("score", "I love cupcakes", "i frost cupcakes", "--json"))
    assert set(answer) == {"sentences"}
    first, second = answer["sentences"]
    assert set(first) == {"text", "words", "logp", "perplexity"}
    assert [set(word) for word in first["words"]] == [{"word", "p", "rank", "known"}] * 4
    assert first["logp"] == pytest.approx(sum(math.log(word["p"]) for word in first["words"]))
    assert [word["known"] for word in second["words"]] == [True, False, True, True]


def test_score_marks_unknown_words(shell: Shell, forward: str) -> None:
    found = shell("score", "i frost cupcakes")
    assert "1 unknown, not counted" in found.stdout


def test_a_file_is_scored_line_by_line(shell: Shell, forward: str, tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes(b"i love cupcakes\n\xff\nthe cat sat on the mat\n")
    found = shell("score", "--file", str(path), "--json")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["line"] for row in rows] == [1, 3]
    assert "Line 2 is left out: Byte 1 is not UTF-8." in found.stderr
    assert "2 sentences, 9 words, perplexity" in found.stderr


def test_two_models_work_together(shell: Shell, back: str) -> None:
    assert told(shell("blank", "i ___ cupcakes", "--json"))[0]["word"] == "love"
    grown = told(shell("both", "riding", "--seed", "3", "--json"))
    assert "riding" in grown["words"]
    assert "Expected one blank, got 0" in shell("blank", "no blank at all").stderr
    orders = told(shell("orders", "cupcakes love i", "--json"))
    assert orders[0]["text"] == "i love cupcakes"


def test_a_running_model_says_that_it_is_still_training(shell: Shell, places: Places) -> None:
    write_run(places, status=Status.RUNNING)
    assert "still training): last weights (step 1,200)" in shell("predict", "i").stderr


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (("predict", "xyzzy"), "none of 'xyzzy'", 2),
        (("predict", "i", "-k", "0"), "k: expected a whole number", 2),
        (("predict", "i", "--model", "nobody"), "No language model answers to 'nobody'", 1),
        (("generate", "i", "--temperature", "nan"), "temperature: expected a number", 2),
        (("generate", "i", "--temperature", "-1"), "temperature: expected a number", 2),
        (("generate", "i", "--length", "0"), "length: expected a whole number", 2),
        (("generate", "i", "--length", "1000000000"), "length: expected a whole number", 2),
        (("generate", "i", "--top-p", "2"), "top-p: expected a number", 2),
        (("score", ""), "The text is empty", 2),
        (("score", "\x1b\u200b"), "holds no word", 2),
        (("score", "--file", "/nowhere"), "is not a file", 1),
        (("both", "i"), "No reversed model shares the vocabulary", 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_error_is_one_line(
    shell: Shell, forward: str, words: tuple[str, ...], said: str, code: int
) -> None:
    found = shell(*words)
    assert found.returncode == code
    assert found.stdout == ""
    assert said in found.stderr.splitlines()[0]
    assert "Traceback" not in found.stderr


def test_without_sentences_or_with_both_it_says_what_it_needs(shell: Shell) -> None:
    for words in (("score",), ("score", "a", "--file", "b")):
        found = shell(*words)
        assert found.returncode == 2
        assert "sentences or --file" in found.stderr


def test_without_a_model_it_says_how_to_train_one(shell: Shell) -> None:
    found = shell("predict", "i")
    assert found.returncode == 1
    assert "Train one: dltui run lm" in found.stderr


def test_markup_in_words_is_printed_unchanged(shell: Shell, places: Places) -> None:
    write_run(places, sentences=("[red]hot[/red] :smile: %s", "[red]hot[/red] :smile: %s"))
    found = shell("generate", "--temperature", "0", "--until-eos")
    assert found.stdout.strip() == "[red]hot[/red] :smile: %s"


def test_help_imports_neither_a_screen_nor_numbers() -> None:
    script = (
        "import sys; sys.argv = ['dltui', 'predict', '--help']\n"
        "from tui.cli import commands\n"
        "try:\n    commands.main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'textual', 'numpy', 'torch', 'tensorflow', 'keras'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"

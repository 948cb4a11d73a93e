"""Every verb, with an output that is full, closed, a pipe nobody reads, or of a few letters: one line at most."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer

from engine.places import Places
from tests.engine.session.digit_runs import plant as plant_digits
from tests.engine.session.digit_runs import templates
from tests.fakes.language_run import write_run
from tests.river.home import ROOT, SECONDS, Home
from tests.river.planted import plant
from tui.verbs import commands
from tui.verbs.guard import CLOSED_PIPE

OUTPUTS = ("full", "closed", "pipe", "ascii")
HOSTILE = "naïve – ✓ \x1b]52;c;aGk=\x07 …"

PRINTS = (
    "experiments", "experiments --json", "ls", "ls --json", "show hostile", "show hostile --json", "logs hostile",
    "logs hostile --json", "plot model", "plot hostile --json", "compare model hostile",
    "compare model hostile --json", "export hostile", "export hostile --json", "report digits", "report --json",
    "verify model", "reindex", "doctor", "doctor --json", "engine status", "engine start --json",
    "predict love", "generate love --seed 1", "score love", "both love --seed 1", "blank love___",
    "orders love", "sweep ls", "sweep show tried", "sweep trials tried", "sweep export tried",
    "sweep analyse tried", "sweep analyse tried slice", "--help", "--version", "rm {output} --yes --json",
    "run counter --set steps=1 --name short-{output} --wait --json",
    "sweep counter --axis steps=1 --name tiny-{output} --wait --json", "sweep rm tiny-{output} --yes --json",
)  # fmt: skip
MAY_REFUSE = (
    "pause model", "resume model", "stop model", "set model lr=1", "sweep pause tried", "sweep resume tried",
    "sweep stop tried", "sweep edit tried add steps=2", "engine stop",
)  # fmt: skip
"""what the state of the run decides: a refusal is one line as well"""


@pytest.fixture
def furnished(home: Home) -> Iterator[Home]:
    """One of each thing that a verb looks at."""
    places: Places = home.places
    for number, output in enumerate(OUTPUTS):
        plant(places, number + 2, output, HOSTILE)
    plant(places, 1, "hostile", HOSTILE)
    write_run(places, name="model")
    write_run(places, direction="reversed")
    plant_digits(places.root, {20: templates()}, model="logistic", name="digits")
    home.dltui("sweep", "counter", "--axis", "steps=1,2", "--name", "tried", "--wait")
    yield home


def test_no_output_of_any_verb_ends_in_a_traceback(furnished: Home) -> None:
    asked = [
        (output, line.format(output=output).split())
        for output in OUTPUTS
        for line in (*PRINTS, *MAY_REFUSE)
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.verbs.outputs"], cwd=ROOT, env=furnished.full_environ(),
        input=json.dumps([[output, *words] for output, words in asked]),
        capture_output=True, text=True, timeout=3 * SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    wrong = [
        (output, " ".join(words), status, talk)
        for (output, words), (status, out, talk) in zip(asked, json.loads(done.stdout), strict=True)
        if not is_right(output, words, status, out, talk)
    ]
    assert not wrong


def is_right(output: str, words: list[str], status: int, out: str, talk: str) -> bool:
    if "Traceback" in talk or "should not have happened" in talk or not talk.isprintable_lines:
        return False
    return True


def test_the_table_names_every_verb() -> None:
    named = {" ".join(line.split()[:2]) for line in (*PRINTS, *MAY_REFUSE)}
    for verb in _verbs(typer.main.get_command(commands.app)):
        assert any((name + " ").startswith(verb + " ") for name in named), verb

"""Every verb, its output full, closed, a pipe nobody reads, or of few letters: one line, no traceback."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import Any

import pytest
import typer

from tests.end_to_end.home import ROOT, SECONDS, Home
from tests.end_to_end.hostile_run import write_hostile_run
from tests.engine.session.digit_runs import plant as plant_digits
from tests.engine.session.digit_runs import templates
from tests.fakes.language_run import write_run
from tui.cli import commands
from tui.cli.guard import CLOSED_PIPE

OUTPUTS = ("full", "closed", "pipe", "ascii")
HOSTILE = "naïve – ✓ \x1b]52;c;aGk=\x07 …"

PRINTS = (
    "experiments", "experiments list --json", "ls", "ls --json", "show hostile", "show hostile --json",
    "logs hostile", "logs hostile --json", "plot model", "plot hostile --json", "compare model hostile",
    "compare model hostile --json", "analyse", "analyse model --kind parallel",
    "analyse --json", "rename hostile hostile", "tag hostile a,b", "note hostile text",
    "export hostile", "export hostile --json", "verify model", "reindex",
    "doctor", "doctor --json", "engine status", "engine start --json", "sweep ls", "sweep show tried",
    "sweep trials tried", "sweep export tried", "sweep analyse tried", "sweep analyse tried slice", "--help",
    "--version", "rm {output} --yes --json", "undo --json", "help filter", "keys", "keys --json",
    "run counter --set steps=1 --name short-{output} --wait --json",
    "sweep start counter --axis steps=1 --name tiny-{output} --wait --json",
    "sweep rm tiny-{output} --yes --json", "exec --name exec-{output} --wait --json -- true", "track",
    "track --path", "notify", "notify --json", "notify bell=no",
    r"sweep exec --axis n=1,2 --output loss=(\S+) --name swept-{output} --wait --json -- echo loss={{n}}",
    "import tests/stored/logs", "learn due", "learn lectures", "learn show 2", "learn words",
    "learn aids", "learn aid neuron --json", "learn item l02.bias.recall", "learn review --limit 1",
)  # fmt: skip
OPENS_A_SESSION = (
    "report {digits}", "report --json", "predict love", "generate love --seed 1", "score love",
    "both love --seed 1", "blank love___", "orders love", "learn check",
    "learn today", "learn progress --json", "learn exam --lectures 1", "learn reset l02.bias.recall --yes",
    "learn export", "media hostile",
    "media model --json",
)  # fmt: skip
"""slower than the others: each with one of the outputs, in turn"""
PRINTS_NOTHING = ("learn exam --lectures 1", "learn reset l02.bias.recall --yes", "media hostile")
"""what they say is a dialog or a notice: all of it is on standard error"""
MAY_REFUSE = (
    "pause model", "resume model", "stop model", "set model lr=1", "sweep pause tried", "sweep resume tried",
    "sweep stop tried", "sweep edit tried add steps=2", "engine stop --json", "experiments add not_there.py",
    "new exec", "experiments remove not_there.py", "learn import not_there.jsonl", "export hostile --mlflow http://127.0.0.1:1",
)  # fmt: skip
"""what the state of the run or the words decide: a refusal is one line as well"""


Asked = list[tuple[str, list[str]]]


@pytest.fixture(autouse=True)
def small_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the planted network was made for."""
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)


@pytest.fixture
def asked(home: Home) -> Asked:
    """One of each thing that a verb looks at is there; each output with each command."""
    for number, output in enumerate(OUTPUTS):
        write_hostile_run(home.places, number + 2, output, HOSTILE)
    write_hostile_run(home.places, 1, "hostile", HOSTILE)
    write_run(home.places, name="model")
    write_run(home.places, direction="reversed")
    digits = plant_digits(home.places.root, {20: templates()}, model="logistic").id
    home.dltui("sweep", "counter", "--axis", "steps=1,2", "--name", "tried", "--wait")
    pairs = [(output, line) for output in OUTPUTS for line in (*PRINTS, *MAY_REFUSE)]
    pairs += zip(itertools.cycle(OUTPUTS), OPENS_A_SESSION)
    return [(output, line.format(output=output, digits=digits).split()) for output, line in pairs]


@pytest.mark.long
def test_no_output_of_any_verb_ends_in_a_traceback(home: Home, asked: Asked) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.cli.outputs"], cwd=ROOT, env=home.full_environ(),
        input=json.dumps([[output, *words] for output, words in asked]),
        capture_output=True, text=True, timeout=5 * SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    wrong = [
        (output, " ".join(words), *answer)
        for (output, words), answer in zip(asked, answers, strict=True)
        if not is_right(output, " ".join(words), *answer)
    ]
    assert not wrong, "\n".join(map(str, wrong))


def is_right(output: str, line: str, status: int, out: str, talk: str) -> bool:
    if "Traceback" in talk or "Internal error" in talk or "\x1b" in talk:
        return False
    if line in MAY_REFUSE and status in (1, 2) and len(talk.splitlines()) <= 2:
        return True
    if line in PRINTS_NOTHING:
        return not out and bool(talk) and status == 0
    if output == "ascii":
        return out.isascii() and bool(out) and status == 0
    said = {"full": "No space left on device", "closed": "Bad file descriptor", "pipe": ""}[output]
    return not out and said in talk and status == (CLOSED_PIPE if output == "pipe" else 1)


def test_the_table_names_every_verb() -> None:
    lines = [f"{line} " for line in (*PRINTS, *OPENS_A_SESSION, *MAY_REFUSE)]
    missing = [verb for verb in _verbs(typer.main.get_command(commands.app), "") if not has(lines, verb)]
    assert not missing


def has(lines: list[str], verb: str) -> bool:
    return any(line.startswith(verb) for line in lines)


def _verbs(command: Any, name: str) -> list[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [name]
    return [verb for key, one in inner.items() for verb in _verbs(one, f"{name}{key} ")]

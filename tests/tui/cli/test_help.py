"""Help says all in its lines, and the filter language is told as its parser knows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from engine import filter_fields
from engine.protocol import Status
from engine.service.index.filter_parser import parse
from engine.table_protocol import Query
from tui.cli import commands, help
from tui.keys.all_keys import KEYS

SHELL = CliRunner()


@pytest.mark.parametrize("group", [[], ["sweep"], ["engine"]])
def test_no_line_of_the_table_of_verbs_is_cut_at_80_columns(group: list[str]) -> None:
    told = SHELL.invoke(commands.app, [*group, "--help"], env={"COLUMNS": "80"}).stdout
    lines = told.partition("Commands:" if group else "Runs:")[2].splitlines()
    assert len(lines) > 3 and not [line for line in lines if line.endswith("...")]


def test_every_verb_stands_once_in_the_help_under_what_it_is_for() -> None:
    told = SHELL.invoke(commands.app, ["--help"]).stdout.partition("\nRuns:\n")[2]
    listed = [line.split()[0] for line in told.splitlines() if line.startswith("  ")]
    group = typer.main.get_command(commands.app)
    assert sorted(listed) == sorted(group.list_commands(typer.Context(group)))  # type: ignore[attr-defined]


def test_the_help_of_sweep_shows_the_options_of_a_start_and_an_example() -> None:
    told = SHELL.invoke(commands.app, ["sweep", "--help"]).stdout
    for word in ("--axis", "--sampler", "--trials", "--seeds", "--metric", "dltui sweep xor --axis 'lr="):
        assert word in told


@pytest.mark.parametrize(
    ("verb", "usage"),
    [
        ("show", "RUN"), ("plot", "RUN..."), ("compare", "RUN..."), ("ls", "[FILTER]"),
        ("score", "[SENTENCE]..."), ("set", "RUN... NAME=VALUE"), ("sweep edit", "SWEEP VERB [WORD]..."),
        ("undo", "[RUN]"), ("stop", "[RUN]..."),
        ("run", "EXPERIMENT"), ("sweep start", "EXPERIMENT"),
    ],
)  # fmt: skip
def test_usage_names_arguments_as_manuals_do(verb: str, usage: str) -> None:
    told = SHELL.invoke(commands.app, [*verb.split(), "--help"]).stdout.splitlines()[0]
    assert told.rpartition("[OPTIONS] ")[2] == usage


def test_the_help_on_filters_names_every_field_sign_and_status() -> None:
    text = "\n".join(help.filter_help())
    for word in (
        *filter_fields.TEXTS,
        *filter_fields.NUMBERS,
        *filter_fields.OPERATORS,
        *filter_fields.CONNECTIVES,
        *Status,
    ):
        assert word in text


def test_the_examples_of_the_help_on_filters_parse() -> None:
    for text, _ in help._examples():
        assert parse(text) is not None
    (line,) = [line for line in help.filter_help() if "dltui ls '" in line]
    assert parse(line.partition("'")[2].rstrip("'")) is not None and Query(line)


def test_keys_prints_every_name_that_keys_json_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    told = SHELL.invoke(commands.app, ["keys"])
    assert [line.split()[0] for line in told.stdout.splitlines()[1:]] == [key.id for key in KEYS]
    assert str(tmp_path / "keys.json") in told.stderr
    assert SHELL.invoke(commands.app, ["keys", "run.pause"]).stdout.splitlines()[1].split()[:2] == [
        "run.pause",
        "p",
    ]


def test_keys_prints_the_keys_of_keys_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    (tmp_path / "keys.json").write_text('{"run.pause": "P"}')
    assert SHELL.invoke(commands.app, ["keys", "run.pause"]).stdout.splitlines()[1].split()[1] == "P"


def test_an_unknown_topic_names_those_there_are() -> None:
    done = SHELL.invoke(commands.app, ["help", "filtre"])
    assert done.exit_code == 2 and "Topics: filter, " in done.stderr
    assert "filter" in SHELL.invoke(commands.app, ["help"]).stdout


@pytest.mark.parametrize("topic", help.topics())
def test_a_topic_is_listed_with_its_title_and_printed_whole_in_a_pipe(topic: str) -> None:
    assert f"    {topic} " in SHELL.invoke(commands.app, ["help"]).stdout
    assert len(SHELL.invoke(commands.app, ["help", topic]).stdout.splitlines()) > 5


@pytest.mark.parametrize("path", sorted(help.FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_commands_of_a_topic_exist_and_fit_80_columns(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line.startswith("    ")]
    assert [line for line in lines if len(line) > 79] == []
    verbs = {word for line in lines for word in re.findall(r"\bdltui ([a-z]+)", line)}
    group = typer.main.get_command(commands.app)
    assert verbs <= set(group.list_commands(typer.Context(group)))  # type: ignore[attr-defined]


def test_a_topic_in_a_terminal_is_wrapped_and_without_backgrounds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(help, "terminal_width", lambda: 60)
    help.print_markdown("# Runs\n\nA `word` in " + "a long line " * 9 + "\n\n    dltui ls\n")
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 60
    assert "dltui ls" in printed and "`" not in printed and "\x1b[4" not in printed


def test_experiments_takes_a_name() -> None:
    one = SHELL.invoke(commands.app, ["experiments", "xor"]).stdout
    assert one.startswith("xor") and "lm" not in one.split()
    assert "lm_four" in SHELL.invoke(commands.app, ["experiments", "lm"]).stdout
    assert "dltui sweep lm_four" in SHELL.invoke(commands.app, ["experiments", "lm_four"]).stdout
    wrong = SHELL.invoke(commands.app, ["experiments", "xorr"])
    assert wrong.exit_code != 0 and wrong.exception is not None


def test_the_version_is_printed() -> None:
    done = SHELL.invoke(commands.app, ["--version"])
    assert done.exit_code == 0 and done.stdout.startswith("dltui ") and done.stdout.count("\n") == 1


def test_every_verb_has_an_example_of_its_own_help() -> None:
    for name, command in typer.main.get_command(commands.app).commands.items():  # type: ignore[attr-defined]
        assert command.help, name

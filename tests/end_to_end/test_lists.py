"""Lists and exit codes of the commands, against a real engine: wrong input exits with 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.home import Home
from tests.end_to_end.terminal import Terminal


@pytest.mark.long
def test_wrong_input_exits_with_two_and_one_line_that_names_it(home: Home) -> None:
    home.finish(home.start("counter", steps=3))
    for words, expected in (
        (("ls", "nosuch=3"), "No run has nosuch."),
        (("ls", "los<3"), "No run has los."),
        (("ls", "--sort", "nosuch"), "No run has nosuch."),
        (("ls", "val_loss<"), "Filter, position 10: expected a value after val_loss<"),
        (("ls", "--limit", "0"), "limit: expected a whole number of 1 or more"),
        (("ls", "--limit", "-1"), "limit: expected a whole number of 1 or more"),
        (("run", "counter", "--set", "steps=x"), "steps: expected"),
        (("run", "counter", "--seed", "-1"), "seed: expected"),
        (("run", "counter", "--device", "tpu"), "device: expected one of auto, cpu, gpu"),
        (("run", "counter", "--executor", "mars"), "executor: expected one of local, ray"),
        (("run", "counter", "--name", "../x"), "name: expected"),
        (("run", "nothing"), "There is no experiment 'nothing'."),
        (("sweep", "xor", "--axis", "lr=0.1,1", "--sampler", "luck"), "sampler: expected one of grid"),
        (("sweep", "xor", "--axis", "lr=0.1,1", "--prune", "hard"), "prune: expected one of none"),
        (("sweep", "xor", "--axis", "lr=0.1,1", "--trials", "-1"), "trials: expected all or a whole number"),
        (("sweep", "xor", "--axis", "nosuch=1"), "Unknown axis 'nosuch' of xor."),
        (("set", "@last", "nosuch"), "Expected name=value"),
    ):
        done = home.call(*words)
        assert (done.returncode, done.stdout) == (2, ""), (words, done)
        assert expected in done.stderr, (words, done.stderr)
    for words in (("show", "nobody"), ("sweep", "show", "nobody"), ("resume", "@last")):
        assert home.call(*words).returncode == 1, words
    assert "None of 1 runs matches." in home.dltui("ls", "val_accuracy>0.9"), "nobody has it yet: no mistake"


def test_ls_tells_runs_that_differ_in_their_seed_apart(home: Home) -> None:
    """Three runs that differ in their seed, and one of other parameters."""
    for seed in (1, 2, 3):
        home.finish(home.start("counter", seed=seed, steps=3))
    home.finish(home.start("counter", seed=1, steps=4))
    lines = home.dltui("ls").splitlines()[1:]
    assert ["seed=" in line for line in lines] == [False, True, True, True]
    assert [word for line in lines for word in line.split() if word.startswith("seed=")] == [
        "seed=3", "seed=2", "seed=1"]  # fmt: skip


def test_a_home_without_runs_refuses_no_filter(home: Home, tmp_path: Path) -> None:
    assert "No run yet." in home.dltui("ls", "nosuch=3")


def test_in_a_terminal_a_sweep_is_one_row_and_nowhere_else(home: Home) -> None:
    home.dltui("sweep", "counter", "--axis", "steps=3,4,5", "--name", "tri", "--wait")
    with Terminal(home.full_environ(), "ls") as shown:
        shown.shows("tri", "3 trials", "3 done", "loss=", "--trials lists each trial")
        assert "tri-1" not in shown.text
    with Terminal(home.full_environ(), "ls", "--trials") as shown:
        shown.shows("tri-1", "tri-2", "tri-3")
    with Terminal(home.full_environ(), "ls", "sweep=tri") as shown:
        shown.shows("tri-1", "tri-2", "tri-3")
    assert len(home.dltui("ls").splitlines()) == 4, "a pipe gets every run"
    assert [run["trial"] for run in json.loads(home.dltui("ls", "--json"))] == [3, 2, 1]


@pytest.mark.long
def test_both_lists_take_both_options_for_the_order(home: Home) -> None:
    home.dltui("sweep", "counter", "--axis", "steps=3,4,5", "--name", "tri", "--wait")
    runs, trials = ("ls", "--json"), ("sweep", "trials", "tri", "--json")
    for words, default in ((runs, [3, 2, 1]), (trials, [1, 2, 3])):
        for option, order in (((), default), (("--ascending",), [1, 2, 3]), (("--descending",), [3, 2, 1])):
            assert [one["trial"] for one in json.loads(home.dltui(*words, *option))] == order

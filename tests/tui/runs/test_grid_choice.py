"""Which charts a grid shows and in which order."""

from __future__ import annotations

from engine.exec.shell_command import ShellCommand
from engine.protocol import to_json
from tests.fakes.engine import make_run
from tui.data.metric_pairs import MetricChart, charts_of
from tui.runs.grid_choice import GridChoice, experiment_of, matcher

CHARTS = charts_of(["loss", "grad/a", "val_loss", "weight/a", "grad/b", "lr"])


def names(choice: GridChoice) -> list[str]:
    return [chart.metric for chart in choice.shown(CHARTS)]


def test_charts_are_grouped_by_their_prefix() -> None:
    assert names(GridChoice()) == ["loss", "lr", "grad/a", "grad/b", "weight/a"]


def test_a_filter_is_part_of_a_name_or_a_regular_expression() -> None:
    assert names(GridChoice("GRAD")) == ["grad/a", "grad/b"]
    assert names(GridChoice("^(grad|weight)/a$")) == ["grad/a", "weight/a"]
    assert names(GridChoice("val_")) == ["loss"]


def test_what_is_no_regular_expression_is_searched_as_text() -> None:
    passes, problem = matcher("(a")
    assert passes("x(A") and not passes("a") and "no regular expression" in problem


def test_a_repetition_inside_a_repetition_is_searched_as_text() -> None:
    passes, problem = matcher("(a+)+$")
    assert not passes("a" * 300 + "b") and "repetition" in problem


def test_hidden_charts_and_moved_ones_are_kept_as_json() -> None:
    choice = GridChoice().without("lr").moved("grad/a", -1, CHARTS)
    assert names(choice) == ["grad/a", "loss", "grad/b", "weight/a"]
    assert GridChoice.from_json(to_json(choice)) == choice
    assert GridChoice.from_json({"where": 3, "hidden": ["lr", 4], "first": None}) == GridChoice(hidden=["lr"])


def test_a_chart_is_moved_past_those_in_sight_and_not_beyond_the_ends() -> None:
    choice = GridChoice("grad")
    assert names(choice.moved("grad/a", 1, CHARTS)) == ["grad/b", "grad/a"]
    assert choice.moved("grad/b", 1, CHARTS) == choice
    assert choice.moved("grad/a", -1, CHARTS) == choice


def test_new_metrics_come_behind_those_that_were_moved() -> None:
    choice = GridChoice().moved("lr", -1, CHARTS)
    later = [MetricChart("new"), *CHARTS]
    assert [chart.metric for chart in choice.shown(later)][:3] == ["lr", "loss", "new"]


def test_a_choice_is_kept_for_the_script_of_a_command() -> None:
    command = ShellCommand(("python", "/home/me/train.py", "--lr", "{lr}"), "/home/me")
    assert experiment_of(make_run(experiment="mnist")) == "mnist"
    assert experiment_of(make_run(experiment="exec", command=command)) == "exec train.py"
    assert experiment_of(None) == ""

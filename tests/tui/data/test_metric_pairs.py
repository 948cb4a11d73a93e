"""Metrics of training and validation that share a chart."""

from __future__ import annotations

import pytest

from tui.data.metric_pairs import MetricChart, chart_of, charts_of


@pytest.mark.parametrize(
    ("training", "validation"),
    [
        ("loss", "val_loss"),
        ("train/loss", "val/loss"),
        ("loss", "validation_loss"),
        ("train_loss", "valid_loss"),
        ("train/epoch_loss", "validation/epoch_loss"),
        ("loss/train", "loss/val"),
        ("Loss/Train", "Loss/Validation"),
        ("train-rmse", "eval-rmse"),
        ("train/loss", "val_loss"),
        ("train_loss_epoch", "val_loss"),
        ("train/acc", "dev/acc"),
    ],
)
def test_names_of_training_and_validation_pair(training: str, validation: str) -> None:
    for names in ([training, validation], [validation, training]):
        assert charts_of(names) == (MetricChart(training, validation),)


@pytest.mark.parametrize(
    "names",
    [
        ["loss", "accuracy"],
        ["value", "evaluate_me", "trainable"],
        ["val", "train"],
        ["loss", "test_loss"],
        ["val_loss"],
        ["val_loss", "eval_loss"],
        ["train_loss", "train/loss"],
    ],
)
def test_other_names_do_not_pair(names: list[str]) -> None:
    assert charts_of(names) == tuple(map(MetricChart, names))


def test_the_metric_of_the_same_form_is_preferred() -> None:
    assert charts_of(["loss", "train_loss", "val_loss"]) == (
        MetricChart("loss"),
        MetricChart("train_loss", "val_loss"),
    )


def test_the_loss_of_every_step_pairs_with_that_of_an_evaluation() -> None:
    names = ["loss", "eval_loss", "train_loss", "train_runtime", "eval_runtime"]
    assert MetricChart("loss", "eval_loss") in charts_of(names)
    assert MetricChart("train_runtime", "eval_runtime") in charts_of(names)


def test_the_closest_names_pair_first_where_runs_of_several_programs_are_shown() -> None:
    names = ["val_loss", "train_loss_epoch", "train/loss", "val/loss"]
    assert set(charts_of(names)) == {
        MetricChart("train_loss_epoch", "val_loss"),
        MetricChart("train/loss", "val/loss"),
    }


def test_a_metric_of_training_is_in_one_pair() -> None:
    assert charts_of(["loss", "val_loss", "dev_loss"]) == (
        MetricChart("loss", "val_loss"),
        MetricChart("dev_loss"),
    )


def test_pairs_are_off_on_demand() -> None:
    assert charts_of(["loss", "val_loss"], paired=False) == (MetricChart("loss"), MetricChart("val_loss"))


def test_the_chart_of_a_metric_is_that_of_its_pair() -> None:
    charts = charts_of(["accuracy", "loss", "val_loss"])
    assert chart_of("val_loss", charts) == MetricChart("loss", "val_loss")
    assert chart_of("unknown", charts) == MetricChart("unknown")


def test_names_of_combining_marks_and_of_any_length_are_taken_as_they_are() -> None:
    names = ["a" + "\u0301" * 300, "val_" * 100 + "x", "/", "", "val_"]
    assert charts_of(names) == tuple(map(MetricChart, names))

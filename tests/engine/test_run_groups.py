"""Which runs are of one group: those that differ in the seed alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.exec.shell_command import ShellCommand
from engine.protocol import ParentCheckpoint, RunSummary
from engine.run_groups import group_of, is_left_out
from tests.engine.service.rows import a_summary

SHELL = ShellCommand(("python", "train.py"), "/home/me")


def run(params: dict[str, object] | None = None, argv: str = "", **facts: object) -> RunSummary:
    made = a_summary("a")
    command = replace(SHELL, argv=tuple(argv.split())) if argv else None
    given = {"params": {"lr": 0.1} if params is None else params, "command": command}
    spec_facts = {name: value for name, value in facts.items() if hasattr(made.spec, name)}
    others = {name: value for name, value in facts.items() if name not in spec_facts}
    return replace(made, spec=replace(made.spec, **given, **spec_facts), **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        run(seed=7), run(id="other", name="other", created_at=5.0, device="gpu", threads=4),
        run({"lr": 0.1, "random-seed": 3}), run({"lr": 0.1, "trainer/seed": 3, "output_dir": "runs/3"}),
        run(metrics={"loss": 0.5}, step=9), run(sweep="s", trial=4), run({"lr": 0.1}, live={}),
    ],
)  # fmt: skip
def test_runs_that_differ_in_the_seed_or_in_what_came_of_them_are_of_one_group(other: RunSummary) -> None:
    assert group_of(other) == group_of(run())


@pytest.mark.parametrize(
    "other",
    [
        run({"lr": 0.2}), run({}), run({"lr": 0.1, "hidden": 4}), run({"lr": "0.1"}), run(experiment="mnist"),
        run(framework="tf"), run(data_fingerprint="ab12"), run(live={"lr": 0.2}), run(argv="train.py"),
        run(parent=ParentCheckpoint("a1", 4, 1)), run({"lr": 0.1, "model.name": "resnet"}), run({"lr": None}),
    ],
)  # fmt: skip
def test_runs_that_differ_in_anything_else_are_not(other: RunSummary) -> None:
    assert group_of(other) != group_of(run())


def test_a_whole_number_is_the_same_as_an_integer_and_not_as_a_truth_value() -> None:
    assert group_of(run({"n": 1})) == group_of(run({"n": 1.0})) != group_of(run({"n": True}))


@pytest.mark.parametrize(
    ("argv", "other", "are_equal"),
    [
        ("train.py --lr 1 --seed 3", "train.py --lr 1 --seed 4", True),
        ("train.py --seed=3 --lr 1", "train.py --seed=4 --lr 1", True),
        ("train.py seed=3", "train.py trainer.seed=4", True),
        ("train.py --seed -1 x", "train.py x", True),
        ("train.py --seed 3 --lr 1", "train.py --seed 3 --lr 2", False),
        ("train.py --seed --fast", "train.py --seed", False),
        ("train.py --output-dir a", "train.py --output-dir b", True),
    ],
)
def test_the_seed_of_a_command_is_found_in_its_options(argv: str, other: str, are_equal: bool) -> None:
    assert (group_of(run(argv=argv)) == group_of(run(argv=other))) is are_equal


def test_the_name_of_a_model_is_no_name_of_a_run() -> None:
    assert not any(map(is_left_out, ("model.name", "optimizer/name", "seeded", "dataset", "output")))
    assert all(map(is_left_out, ("SEED", "pl_global_seed", "a.b/Random-Seed", "args.run_name")))

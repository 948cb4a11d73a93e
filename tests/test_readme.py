"""The README is true: its commands and pictures exist, its example trains, its numbers are those measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.end_to_end.home import ROOT, Home
from tui.cli.help import FOLDER

README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


@pytest.mark.long
def test_the_experiment_of_the_readme_trains_pauses_and_resumes(home: Home, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "line.py"
    path.write_text(code)
    assert f"line  {path}" in home.dltui("experiments", "add", str(path))
    run = home.start("line", steps=100_000)
    home.until(lambda: home.show(run)["step"] > 0, "its first step")
    home.dltui("pause", run)
    home.reach(run, "paused")
    home.dltui("resume", run)
    home.until(lambda: home.show(run)["attempt"] == 2, "the second attempt")
    home.dltui("stop", run)
    home.reach(run, "stopped")
    done = home.finish(home.start("line"))
    assert done["metrics"]["loss"] < 0.01
    assert len(done["checkpoints"][-1]["weights_sha256"]) == 64


def test_every_command_of_the_readme_is_one(home: Home) -> None:
    words = {found for found in re.findall(r"^    dltui ([a-z]+)", README, re.MULTILINE)}
    assert len(words) > 4
    offered = home.dltui("--help")
    assert all(re.search(rf"^  {target}\b", offered, re.MULTILINE) for target in words)


def row(experiment: str) -> str:
    """The row of an experiment in the README's table."""
    return next(line for line in README.splitlines() if line.startswith(f"| {experiment} |"))


def test_xor_ends_with_the_loss_that_the_readme_names(home: Home) -> None:
    loss, epochs = re.findall(r"loss ([0-9.]+) after ([0-9,]+) epochs", row("`xor`"))[0]
    done = home.finish(home.start("xor"))
    assert f"{done['metrics']['loss']:.4f}" == loss
    assert f"{done['step']:,}" == epochs


def test_the_numbers_of_networks_and_weights_are_those_of_the_readme() -> None:
    from engine import axes, catalog
    from engine.built_in_experiments import XorBatchParams, XorGridParams
    from engine.experiments.mnist import network
    from engine.models.xor.batch.course_experiments import SETTINGS

    lanes = axes.count(axes.parse_axes(catalog.find("xor"), XorBatchParams().axes))
    assert f"{lanes:,} networks" in row("`xor_batch`")
    assert f"{len(SETTINGS) * XorGridParams().runs} networks" in row("`xor_grid`")
    weights = sum(weight.numel() for weight in network("double_conv", side=28).parameters())
    assert f"{weights / 1000:.0f} thousand weights" in row("`mnist`, `model=double_conv`")


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = ("run", "test", "check", "slow", "bench")
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_every_picture_of_the_readme_exists() -> None:
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_every_topic_of_help_is_linked_and_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!https?:)(.*?)\)", README)
    assert [link for link in links if not (ROOT / link).is_file()] == []
    assert {path.relative_to(ROOT).as_posix() for path in FOLDER.glob("*.md")} <= set(links)


def test_every_path_of_contributing_exists() -> None:
    """Those in backticks; NAME stands for a file to be added."""
    paths = re.findall(r"`((?:tui|engine|checkpoints|tests)(?:/\w+)*/?(?:\.\w+)?)`", CONTRIBUTING)
    assert len(paths) > 50
    assert [path for path in paths if "NAME" not in path and not (ROOT / path).exists()] == []


def test_the_folders_of_the_readme_are_those_of_the_product() -> None:
    tree = re.findall(r"^    (?:  )?(\w+)/ ", README, re.MULTILINE)
    found = {path.name for top in ("engine", ".") for path in (ROOT / top).iterdir() if path.is_dir()}
    assert len(tree) > 8
    assert set(tree) <= found


def test_every_class_that_contributing_names_exists() -> None:
    names = set(re.findall(r"`([A-Z][a-z]\w+)`", CONTRIBUTING))
    sources = [path.read_text() for top in ("tui", "engine") for path in (ROOT / top).rglob("*.py")]
    defined = {name for text in sources for name in re.findall(r"^class (\w+)", text, re.MULTILINE)}
    assert len(names) > 4
    assert names <= defined

"""Files that were added to the catalog, in the forms of the app."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from engine import catalog
from engine.experiment_files import added
from engine.experiment_files.description import FileExperiment
from engine.places import Places
from tests.engine.experiment_files.files import describe, write
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tui.data import own_experiments
from tui.dialogs.form_dialog import FormScreen
from tui.dialogs.pick_experiment import PickScreen


@pytest.fixture(autouse=True)
def registered() -> None:
    """No file of another test."""
    catalog.register([])


async def test_a_file_that_was_added_is_launched_from_its_form_and_one_that_fails_is_named(
    places: Places, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    write(folder)
    write(folder, "broken.py", "def train(:\n")
    added.add(places, str(folder))
    engine = FakeEngine(make_run(1))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, PickScreen))
        await opened.until(lambda: any(one.file for one in catalog.experiments()))
        await opened.press(*["down"] * 10)
        await opened.shows(
            "Counting: a sum that depends on every step.",
            "broken.py",
            "syntax.",  # wrapped as its path needs
        )
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.shows("added at each step", "steps")
        await opened.press("enter")
        await opened.until(lambda: len(engine.files) == 1)
        found = engine.files[0]
        assert found is not None and found.path == str(folder / "mine.py")
        word, name, sent, *_ = engine.requests[-1]
        assert (word, name, sent["lr"], sent["limit"]) == ("submit", "mine", 0.5, None)


async def test_a_file_is_added_and_removed_in_the_list_of_experiments(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "broken.py", "x = 1\ndef train(:\n")
    path = write(tmp_path)
    async with open_app(places, FakeEngine(make_run(1)), (80, 24)) as opened:
        await opened.press("n", "a")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.type("broken.py")
        await opened.press("enter")
        await opened.shows("syntax.")  # wrapped as its path needs
        await opened.press("ctrl+r")
        await opened.type(path.name)
        await opened.press("enter")
        await opened.shows("› Counting: a sum that depends on every step.")
        assert opened.notices == [f"mine  {path}"]
        assert [one.path for one in added.read(places).added] == [str(path)]
        await opened.press("D")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("enter")
        await opened.until(lambda: not any(one.file for one in catalog.experiments()))
        assert "mine.py is no longer in the catalog" in opened.notices[-1]
        assert added.read(places).added == ()
        await opened.press("D")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("enter")
        await opened.shows("Added: none.")


async def test_a_run_of_a_file_is_repeated_with_the_file_as_it_is_now_and_as_it_was(
    places: Places, tmp_path: Path
) -> None:
    path = write(tmp_path)
    kept = replace(describe(places, path).experiment, stored="0" * 24)
    run = make_run(1, experiment="mine", params={"lr": 0.125, "steps": 7}, state=done())
    engine = FakeEngine(replace(run, spec=replace(run.spec, file=kept)))
    path.write_text(path.read_text().replace('label: str = ""', 'label: str = "new"'))
    async with open_app(places, engine, (80, 30)) as opened:
        await opened.press("R")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.shows("0.125", "new")
        await opened.press("escape")
        path.unlink()
        await opened.press("R")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.shows("0.125")
        await opened.press("enter")
        await opened.until(lambda: engine.files == [kept])


async def test_a_file_that_was_changed_is_listed_at_once_and_its_form_is_of_the_file_as_it_is_now(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    added.add(places, str(path))
    path.write_text(path.read_text().replace('label: str = ""', 'label: str = "new"'))
    monkeypatch.setattr("tui.data.own_experiments.load_all", never)
    async with open_app(places, FakeEngine(make_run(1)), (80, 30)) as opened:
        await opened.press("n")
        await opened.until(lambda: any(one.file for one in catalog.experiments()))
        await opened.press(*["down"] * 10)
        await opened.shows("Counting: a sum that depends on every step.")
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.shows("new")


async def test_a_line_says_what_one_waits_for_while_a_file_is_read(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path)
    kept = describe(places, path).experiment
    run = make_run(1, experiment="mine", params={"lr": 0.125, "steps": 7}, state=done())
    is_read, read = asyncio.Event(), own_experiments.current

    async def slow(file: FileExperiment) -> catalog.Experiment:
        await is_read.wait()
        return await read(file)

    monkeypatch.setattr(own_experiments, "current", slow)
    async with open_app(places, FakeEngine(replace(run, spec=replace(run.spec, file=kept)))) as opened:
        for key in ("R", "S"):
            is_read.clear()
            await opened.press(key)
            await opened.until(lambda: any("mine.py is being read" in one for one in opened.notices))
            is_read.set()
            await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
            await opened.until(lambda: not any("mine.py is being read" in one for one in opened.notices))
            await opened.press("escape")


async def test_a_list_says_that_files_are_being_read_and_a_launch_that_the_file_is_asked(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added.add(places, str(write(tmp_path)))
    monkeypatch.setattr(own_experiments, "load_all", never)
    monkeypatch.setattr(own_experiments, "check", lambda experiment, values: never())
    async with open_app(places, FakeEngine(make_run(1)), (80, 30)) as opened:
        await opened.press("n")
        await opened.until(lambda: any(one.file for one in catalog.experiments()))
        await opened.press(*["down"] * 10)
        await opened.shows("Files that are new or were changed are being read")
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("enter")
        await opened.shows("mine.py is asked in a process of its own")


async def never() -> list[str]:
    await asyncio.Event().wait()
    return []

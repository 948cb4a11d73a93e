"""The code of a run: its pane, and the difference of two runs' code."""

from __future__ import annotations

from dataclasses import replace

from engine.experiment_files.code import CodeFile, RunCode
from engine.experiment_files.description import FileExperiment
from engine.places import Places
from engine.protocol import Cause, CauseKind, Paused, RunSummary
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tui.runs.compare import CompareScreen


def run_of_file(number: int, source: str) -> RunSummary:
    run = make_run(number, experiment="mine", state=done())
    file = FileExperiment("mine", "/own/mine.py", source=source, stored="0" * 24)
    return replace(run, spec=replace(run.spec, file=file))


def code(text: str, changed: str = "") -> RunCode:
    files = (CodeFile("mine.py", "1" * 64, len(text), text), CodeFile("more.py", "2" * 64, 6, "X = 1\n"))
    return RunCode("/own", "3" * 64, files, "c0ffee" * 7, "none", "", changed)


async def test_the_pane_shows_the_code_of_a_run_and_what_was_changed_since(places: Places) -> None:
    run = run_of_file(1, "a")
    engine = FakeEngine(run, make_run(2, name="ours", state=done()))
    changed = "--- mine.py (the run)\n+++ mine.py (now)\n-lr = 0.1\n+lr = 0.2\n"
    engine.codes[run.id] = code("lr = 0.1\nlong = '" + "x" * 200 + "the end'\n", changed)
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("left_square_bracket")
        await opened.shows(
            "code", "/own/mine.py, 2 files, commit c0ffeec0ffee", "changed since this run started"
        )
        await opened.shows("+lr = 0.2", "lr = 0.1")
        await opened.press("tab", "G")
        await opened.shows("X = 1")
        await opened.press(*["greater_than_sign"] * 7)
        await opened.shows("the end'")


async def test_a_run_of_ours_says_that_its_code_is_part_of_dltui(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(1, state=done())), (160, 50)) as opened:
        await opened.shows("code")
        await opened.press("left_square_bracket", "left_square_bracket")
        await opened.shows("The code of this experiment is part of dltui.")


async def test_resume_asks_with_which_code_where_the_file_was_changed(places: Places) -> None:
    paused = run_of_file(1, "a")
    paused = replace(paused, state=Paused(1.0, Cause(CauseKind.PAUSED, "Paused.")), checkpoint_step=7)
    engine = FakeEngine(paused)
    engine.codes[paused.id] = code("lr = 0.1\n", "--- mine.py (the run)\n+++ mine.py (now)\n-a\n+b\n")
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("p")
        await opened.shows("resume", "its own code", "bit for bit as without the change")
        await opened.press("down")
        await opened.shows("mine.py: other weights")
        await opened.press("enter")
        await opened.until(lambda: engine.requests[-1] == ("resume", paused.id, "fast", ""))
    engine.codes[paused.id] = code("lr = 0.1\n")
    engine.change(paused)
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("p")
        await opened.until(lambda: engine.requests[-1] == ("resume", paused.id))


async def test_a_comparison_shows_the_difference_of_the_code(places: Places) -> None:
    runs = [run_of_file(1, "a"), run_of_file(2, "b")]
    engine = FakeEngine(*runs)
    engine.codes = {runs[0].id: code("lr = 0.1\n"), runs[1].id: code("lr = 0.2\n")}
    async with open_app(places, engine, (100, 40)) as opened:
        await opened.press("space", "down", "space")
        opened.app.runs.views.compare()
        await opened.until(lambda: isinstance(opened.app.screen, CompareScreen))
        await opened.shows("code", "-lr = 0.1", "+lr = 0.2")

"""The Sweep tab over scripted sweeps, by keys alone."""

from __future__ import annotations

import contextlib
import csv
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.axes import Axis
from engine.errors import DltuiError
from engine.exec.shell_command import ShellCommand
from engine.places import Places
from engine.sweep_protocol import Prune, TrialQuery, TrialRow, TrialStatus
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tests.fakes.sweeps import make_sweep, make_trial
from tui.plots.plot_widget import PlotWidget
from tui.sweeps.tab import SweepTab

SIZES = [(80, 24), (120, 40), (200, 60)]


def trials(count: int = 24) -> tuple[TrialRow, ...]:
    """The larger `hidden` is, the better; a few fare ill."""
    fates = {3: TrialStatus.PRUNED, 5: TrialStatus.FAILED, 7: TrialStatus.RUNNING}
    return tuple(
        make_trial(
            number,
            params={"lr": round(0.001 * 1.2 ** (number % 24), 6), "hidden": 1 + number % 8},
            value=round(1 / (2 + number % 8) + 0.001 * number, 6),
            status=fates.get(number, TrialStatus.DONE),
        )
        for number in range(1, count + 1)
    )


def engine_of(count: int = 24, **facts: object) -> FakeEngine:
    engine = FakeEngine()
    engine.sweeps.put(make_sweep(1, **facts), trials(count))  # type: ignore[arg-type]
    return engine


@contextlib.asynccontextmanager
async def sweep_tab(
    places: Places, engine: FakeEngine, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[AppPilot]:
    async with open_app(places, engine, size) as opened:
        await opened.press("3")
        await opened.until(lambda: tab(opened).sweeps.loaded)
        if engine.sweeps.by_id:
            await opened.until(lambda: tab(opened).sweeps.pages.loaded)
        await opened.pilot.pause()
        yield opened


def tab(opened: AppPilot) -> SweepTab:
    return opened.app.query_one(SweepTab)


def edits(engine: FakeEngine) -> list[tuple[str, dict[str, object]]]:
    return [(facts["verb"], facts["facts"]) for word, facts in engine.sweeps.requests if word == "sweep_edit"]


def last_query(engine: FakeEngine) -> TrialQuery:
    return engine.sweeps.queries[-1]


async def test_without_a_sweep_one_key_is_offered(places: Places) -> None:
    async with sweep_tab(places, FakeEngine()) as opened:
        await opened.shows("A sweep trains one experiment many times", "n  set up a sweep")


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_the_facts_and_the_trials_are_seen(places: Places, size: tuple[int, int]) -> None:
    async with sweep_tab(places, engine_of(), size) as opened:
        await opened.shows("sweep-1", "of 30", "best loss", "hidden", "pruned", "failed", "lr 0.001..0.1 log")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("A", "worst"),
        ("i", "PED-ANOVA"),
        ("d", "lr (log)"),
        ("b", "best so far"),
        ("m", "hidden down, lr across"),
    ],
)
async def test_every_picture_is_drawn_at_every_size(
    places: Places, size: tuple[int, int], key: str, words: str
) -> None:
    async with sweep_tab(places, engine_of(), size) as opened:
        await opened.press(key)
        await opened.shows(words)


async def test_ten_thousand_trials_are_fetched_where_they_are_looked_at(places: Places) -> None:
    engine = engine_of(10_000)
    async with sweep_tab(places, engine, (80, 24)) as opened:
        await opened.press("G")
        await opened.shows(" 10,000 ")
        await opened.press("g")
        await opened.until(lambda: tab(opened).table.trial is not None and tab(opened).table.trial.trial == 1)  # type: ignore[union-attr]
        assert len({query.offset for query in engine.sweeps.queries}) <= 4


async def test_a_column_is_sorted_by_and_turned_round(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("o")  # the cursor is on the value
        await opened.until(lambda: last_query(engine).sort == "value")
        await opened.press("o")
        await opened.until(lambda: last_query(engine).descending)
        await opened.press("l", "o")
        await opened.until(lambda: last_query(engine).sort == "lr")


async def test_groups_show_mean_and_best_and_open_into_their_trials(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("l", "l", "u")
        await opened.shows("mean", "spread", "of trial")
        assert last_query(engine).group == "hidden"
        await opened.press("enter")
        await opened.until(lambda: last_query(engine).where == "hidden=8")
        await opened.press("escape")
        await opened.until(lambda: last_query(engine).where == "")


async def test_seeds_are_put_together(places: Places) -> None:
    engine = engine_of(seeds=(1, 2, 3))
    async with sweep_tab(places, engine) as opened:
        await opened.press("U")
        await opened.until(lambda: last_query(engine).group == "config")
        await opened.press("U")
        await opened.until(lambda: last_query(engine).group == "")


async def test_the_filter_holds_and_its_mistakes_are_shown(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("slash")
        await opened.type("hidden=")
        await opened.shows("expected a value after hidden=")
        await opened.type("8")
        await opened.shows("3 of 24")
        await opened.press("enter")
        assert opened.app.focused is tab(opened).table


async def test_a_heat_map_takes_other_axes(places: Places) -> None:
    engine = engine_of(axes=("lr=0.001..0.1 log", "hidden=1..8", "temperature=0.5,1"))
    rows = tuple(make_trial(n, params={"lr": 0.01, "hidden": n, "temperature": 0.5}) for n in range(1, 9))
    sweep = engine.sweeps.by_id[next(iter(engine.sweeps.by_id))]
    engine.sweeps.put(sweep, rows)
    async with sweep_tab(places, engine) as opened:
        await opened.press("m")
        await opened.shows("hidden down, lr across")
        await opened.press("l")
        await opened.shows("hidden down, temperature across")


async def test_the_sweep_is_paused_and_goes_on(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("p")
        await opened.until(lambda: edits(engine) == [("pause", {})])
        await opened.until(lambda: "resume" in opened.text)
        await opened.press("p")
        await opened.until(lambda: edits(engine)[1:] == [("resume", {})])


async def test_stopping_and_deleting_ask_first(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("s")
        await opened.shows("Stop sweep-1?")
        await opened.press("escape")
        assert not engine.sweeps.requests
        await opened.press("s")
        await opened.shows("Stop sweep-1?")
        await opened.press("enter")
        await opened.until(lambda: edits(engine) == [("stop", {})])
        await opened.press("D")
        await opened.shows("Remove sweep-1?")
        await opened.press("enter")
        await opened.shows("A sweep trains one experiment many times")


async def test_a_trial_is_pinned_and_stopped(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("v")
        await opened.until(lambda: edits(engine) == [("pin", {"trial": 1, "on": True})])
        await opened.shows("◆")
        await opened.press("j", "X")
        await opened.until(lambda: edits(engine)[1:] == [("stop_trial", {"trial": 2})])


@pytest.mark.parametrize(("prune", "label"), [(Prune("median"), "pin"), (Prune(), "")])
async def test_pin_is_offered_for_a_trial_that_can_be_pruned(
    places: Places, prune: Prune, label: str
) -> None:
    async with sweep_tab(places, engine_of(prune=prune)) as opened:
        assert tab(opened).key_labels()["trials.pin"] == ""  # of the first trial, which is done
        await opened.press(*"jjjjjj")
        await opened.until(lambda: (row := tab(opened).table.trial) is not None and row.trial == 7)
        assert tab(opened).key_labels()["trials.pin"] == label


async def test_a_trial_like_the_selected_one_is_added(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("a")
        await opened.shows("add a trial, like trial 1")
        await opened.press("end", "backspace", "7", "enter")
        await opened.until(lambda: bool(edits(engine)))
        assert edits(engine) == [("add", {"params": {"hidden": 7, "lr": 0.0012}})]


async def test_an_axis_is_widened_and_a_mistake_loses_nothing(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("w")
        await opened.shows("widen sweep-1", "now 0.001..0.1 log")
        await opened.press("tab")
        await opened.type("9..")
        await opened.press("enter")
        await opened.shows("hidden: expected")
        await opened.type("12")
        await opened.press("enter")
        await opened.until(lambda: edits(engine) == [("widen", {"axis": "hidden=9..12"})])


async def test_more_trials_at_once(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("e")
        await opened.shows("trial count: sweep-1")
        await opened.press("tab", "end", *["backspace"] * 4, "4", "enter")
        await opened.until(lambda: edits(engine) == [("parallel", {"count": 4})])


async def test_a_finished_trial_trains_on(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("E")
        await opened.shows("extend: trial 1")
        await opened.press("end", "0", "enter")
        await opened.until(lambda: edits(engine) == [("extend", {"trial": 1, "epochs": 10_000})])


async def test_one_network_of_a_batch_is_pinned_stopped_and_made_longer_like_any_trial(
    places: Places,
) -> None:
    engine = FakeEngine()
    fates = (TrialStatus.RUNNING, TrialStatus.DONE)
    rows = tuple(
        make_trial(number, status=fates[number - 1], run="batch", lane=number - 1) for number in (1, 2)
    )
    engine.sweeps.put(make_sweep(1, lanes=True), rows)
    async with sweep_tab(places, engine) as opened:
        await opened.shows("failure map")
        await opened.press("down", "E")
        await opened.shows("extend: trial 2")
        await opened.press("end", "0", "enter")
        await opened.until(lambda: edits(engine) == [("extend", {"trial": 2, "epochs": 10_000})])
        await opened.press("up", "v")
        await opened.until(lambda: edits(engine)[1:] == [("pin", {"trial": 1, "on": True})])
        await opened.press("X")
        await opened.until(lambda: edits(engine)[2:] == [("stop_trial", {"trial": 1})])


async def test_the_trials_are_written_to_a_file(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with sweep_tab(places, engine_of()) as opened:
        for ending in ("csv", "json"):
            await opened.press("S")
            await opened.shows("write 24 trials")
            await opened.press("ctrl+u")
            await opened.type(f"out.{ending}")
            await opened.press("enter")
            await opened.until((tmp_path / f"out.{ending}").exists)
            await opened.until(lambda: len(opened.app.screen_stack) == 1)
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert len(rows) == 24 and {"trial", "value", "lr", "hidden", "loss"} <= set(rows[0])
    assert len(json.loads((tmp_path / "out.json").read_text())["trials"]) == 24


async def test_a_trial_is_copied_as_one_would_type_it(places: Places) -> None:
    async with sweep_tab(places, engine_of()) as opened:
        await opened.press("c")
        await opened.until(lambda: places.clipboard.exists())
        assert places.clipboard.read_text().strip() == "lr=0.0012 hidden=2 seed=1"


async def test_the_run_of_a_trial_opens_in_the_runs_tab(places: Places) -> None:
    engine = engine_of()
    run = trials()[0].run
    engine.change(make_run(1, id=run, name="sweep-1-1", state=done()), make_run(2, state=done()))
    async with sweep_tab(places, engine) as opened:
        await opened.press("enter")
        await opened.until(lambda: opened.app.switcher.active_tab.NAME == "runs")
        await opened.until(lambda: (found := opened.app.runs.selected) is not None and found.id == run)


async def test_a_configuration_is_trained_alone(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("r")
        await opened.until(lambda: bool(engine.requests))
        assert engine.requests[0][:4] == ("submit", "xor", {"lr": 0.0012, "hidden": 2}, 1)


async def test_the_view_comes_back(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("j", "j", "A")
        await opened.until(lambda: opened.app.query_one(PlotWidget).answer is not None)
        await opened.press("l", "space")
        await opened.until(lambda: last_query(engine).where == "hidden>=4.5")
    engine.sweeps.queries.clear()
    async with sweep_tab(places, engine) as opened:
        await opened.shows("worst", "hidden>=4.5")
        assert tab(opened).front == "parallel" and last_query(engine).where == "hidden>=4.5"


async def test_while_hidden_it_sends_no_requests(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("1")
        before = await opened.stable_count(lambda: len(engine.sweeps.queries))
        engine.change_sweep(make_sweep(2), trials(3))
        await opened.until(lambda: len(tab(opened).sweeps.all) == 2)
        assert len(engine.sweeps.queries) == before
        await opened.press("3")
        await opened.shows("sweep-2")


async def test_a_lost_engine_loses_nothing(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.shows("pruned")
        engine.disconnect()
        await opened.shows("Engine gone, reconnecting.", "pruned")
        engine.is_up = True
        await opened.until(lambda: "Engine gone" not in opened.text)
        await opened.shows("pruned")


async def test_a_sweep_like_another_one_takes_its_folder_of_data(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_DATA", "/of/this/shell")
    engine = FakeEngine()
    engine.sweeps.put(make_sweep(1, experiment="mnist", axes=("lr=0.1,0.2",), data="/of/the/sweep"))
    async with sweep_tab(places, engine) as opened:
        await opened.shows("sweep-1")
        await opened.press("R")
        await opened.shows("data: /of/the/sweep")
        await opened.press("enter")
        await opened.until(lambda: [word for word, _ in engine.sweeps.requests] == ["sweep_submit"])
        assert engine.sweeps.requests[0][1]["data"] == "/of/the/sweep"


async def test_a_swept_command_is_swept_again_in_the_shell_of_its_sweep(places: Places) -> None:
    command = ShellCommand(("train", "{lr}", "{name}"), "/project", kinds={"lr": "float", "name": "text"})
    made = make_sweep(1, experiment="exec", axes=(), params={"name": "a"}, metric="acc", goal="max")
    spec = replace(made.spec, axes=(Axis("lr", (0.1, 0.5)),), command=command)
    engine = FakeEngine()
    engine.sweeps.put(replace(made, spec=spec))
    async with sweep_tab(places, engine) as opened:
        await opened.shows("sweep-1", "train '{lr}'")
        await opened.press("R")
        await opened.shows("sweep a command", "0.1,0.5", "30 trials")
        await opened.press("enter")
        await opened.until(lambda: engine.sweeps.requests)
        facts = engine.sweeps.requests[0][1]
        assert (facts["axes"], facts["params"], facts["like"]) == (["lr=0.1,0.5"], {"name": "a"}, made.id)
        assert (facts["metric"], facts["goal"], facts["name"]) == ("acc", "max", "")


async def test_a_sweep_is_set_up_by_keys(places: Places) -> None:
    engine = FakeEngine()
    async with sweep_tab(places, engine) as opened:
        await opened.press("n")
        await opened.shows("sweep an experiment")
        await opened.press("enter")
        await opened.shows("No parameter varies yet.")
        await opened.press("ctrl+u")
        await opened.type("1..4")
        await opened.shows("4 trials")
        engine.sweeps.refusal = DltuiError("The disk is full.", "Make room.")
        await opened.press("enter")
        await opened.shows("The disk is full.", "1..4")
        await opened.press("enter")
        await opened.until(lambda: [word for word, _ in engine.sweeps.requests] == ["sweep_submit"])
        assert engine.sweeps.requests[0][1]["axes"] == ["hidden=1..4"]
        await opened.shows("xor")
        await opened.press("n", "enter")
        await opened.shows("1..4")  # offered again

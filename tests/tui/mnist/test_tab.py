"""The MNIST tab from the keyboard alone, on the 8x8 digits that need no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.places import Places
from engine.protocol import Queued, Running
from engine.store import RunFolder
from tests.engine.session.digit_runs import convolutions, damage, plant
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tests.fakes.fake_session import FakeSession
from tests.tui.mnist.bench import SIZES, folder, offline, settled, summary
from tui import view_state
from tui.mnist.networks_view import NetworksView
from tui.mnist.pictures_view import PicturesView
from tui.mnist.report_view import ReportView
from tui.mnist.view import MnistView

__all__ = ("folder", "offline")


async def test_an_error_of_the_data_is_shown_whole(
    places: Places, session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "train-images-idx3-ubyte.gz"
    (tmp_path / name).write_bytes(b"no picture at all")
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("4")
        await opened.shows("cannot be opened", "expected all four", "d data", "b draw")
        assert name in "".join(opened.text.split())


@pytest.mark.parametrize("size", SIZES)
async def test_the_data_set_is_described(places: Places, session: FakeSession, size: tuple[int, int]) -> None:
    async with open_app(places, FakeEngine(), size) as opened:
        await opened.press("4")
        await opened.shows(
            "1,293", "144", "360", "could not be found", "mean image of each class", "of the pixels"
        )
        await opened.press("down")
        await opened.shows("picture 1 of each class")
        await opened.press("G", "g")
        await opened.shows("mean image of each class")


@pytest.mark.parametrize("key", ["r", "f"])
async def test_without_a_run_one_key_starts_one(places: Places, session: FakeSession, key: str) -> None:
    engine = FakeEngine()
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("4", key)
        await opened.shows("No network is trained yet", "trains double_conv")
        await opened.press("s")
        await opened.until(lambda: engine.requests)
        assert engine.requests[0][:3] == ("submit", "mnist", {"model": "double_conv", "batch": 50})
        await opened.shows("With its first checkpoint:")


async def test_the_networks_are_compared_and_the_missing_ones_started(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    engine = FakeEngine(summary(folder))
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.press("4", "m")
        await opened.shows("logistic", "double_conv_dropout", "1,014,924", "not trained yet", "650", "640")
        await opened.press("a")
        await opened.until(lambda: len(engine.requests) == 9)
        assert [one[2] for one in engine.requests if "recipe" in one[2]] == [
            {"recipe": "fast"}, {"recipe": "accurate"},
        ]  # fmt: skip
        asked = [(one[2]["model"], one[2]["batch"]) for one in engine.requests if "recipe" not in one[2]]
        assert ("mlp", 50) in asked and len({one for one in asked if "conv" in one[0]}) == 6


@pytest.mark.parametrize("size", SIZES)
async def test_the_pictures_of_a_cell_are_opened_from_the_report(
    places: Places, session: FakeSession, folder: RunFolder, size: tuple[int, int]
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), size) as opened:
        await opened.press("4", "r")
        await opened.shows(
            "360 test pictures",
            "last weights (step 40)",
            "accuracy",
            "balanced",
            "macro avg",
            "weighted avg",
            "4 predicted as 9",
        )
        report = opened.app.query_one(ReportView)
        await opened.press("full_stop")
        true, answer = report.mistakes()[0]
        assert report.cell == (true, answer)
        await opened.shows(f"{true} predicted as {answer}")
        await opened.press("enter")
        await opened.shows(f"it is {true}", f"predicted as {answer}", "1 of ")
        await opened.press("v")
        await opened.shows(f"hiding lowers p({answer})")
        await opened.press("t")
        await opened.shows(f"hiding lowers p({true})")
        await opened.press("escape")
        await opened.shows("macro avg")


async def test_the_largest_losses_are_stepped_through(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.shows("macro avg")
        await opened.press("w")
        await opened.shows("the largest losses", "1 of ")
        pictures = opened.app.query_one(PicturesView)
        await opened.press("right", "down")
        await opened.until(lambda: pictures.cursor > 1)
        await opened.press("G")
        await opened.shows(f"{len(pictures.images)} of {len(pictures.images)}")


async def test_another_split_has_another_report(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.shows("360 test pictures")
        await opened.press("v")
        await opened.shows("144 validation pictures")
        await opened.press("v")
        await opened.shows("1,293 train pictures")


async def test_shifts_and_noise_are_shown(places: Places, session: FakeSession, folder: RunFolder) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.shows("macro avg")
        await opened.press("t")
        await opened.shows("shift", "noise", "360 pictures")


async def test_a_queued_run_shows_what_it_waits_for(places: Places, session: FakeSession) -> None:
    waits = make_run(
        1, experiment="mnist", params={"model": "mlp"}, state=Queued("2 CPUs are wanted, 0 free")
    )
    async with open_app(places, FakeEngine(waits), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.shows("queued: 2 CPUs are wanted, 0 free", "With its first checkpoint:")


async def test_a_damaged_checkpoint_is_reported_in_one_line(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    damage(folder, 40)
    async with open_app(places, FakeEngine(summary(folder)), (120, 40)) as opened:
        await opened.press("4", "r")
        await opened.shows("macro avg", "Checkpoint step-")


async def test_a_session_that_ends_is_reported_and_a_key_tries_again(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    session.is_up = False
    async with open_app(places, FakeEngine(summary(folder)), (120, 40)) as opened:
        await opened.press("4", "r")
        await opened.shows("The session ended", "r tries again")
        session.is_up = True
        await opened.press("r")
        await opened.shows("macro avg")


async def test_reports_work_while_the_engine_is_gone(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    engine = FakeEngine(summary(folder))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.shows("macro avg")
        engine.disconnect()
        await opened.press("full_stop", "enter")
        await opened.shows("predicted as")


async def test_another_run_is_chosen_for_every_view(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    other = plant(places.root, {7: convolutions(seed=3)}, model="double_conv")
    older = summary(other, created=1.0, name="other")
    async with open_app(places, FakeEngine(summary(folder), older), (120, 40)) as opened:
        await opened.press("4", "r")
        await opened.shows("planted")
        await opened.press("o")
        await opened.shows("choose a network")
        await opened.press("down", "enter")
        await opened.shows("other", "360 test pictures")
        await opened.press("f")
        await opened.shows("conv1", "step 7")


async def test_view_split_cell_and_drawing_are_restored_after_a_restart(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "b", "space", *["down"] * 9, "space", "r")
        await opened.shows("macro avg")
        await opened.press("v", "up")
        await opened.shows("validation pictures", "3 predicted as 9")
        opened.app._save_now()
    saved = view_state.read(places.view_state).views["mnist"]
    assert saved["view"] == "report" and saved["report"] == {"split": "validation", "cell": [3, 9]}
    assert saved["draw"]["ink"]
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4")
        await opened.shows("validation pictures", "3 predicted as 9")
        await opened.press("b")
        await opened.shows("prediction")


async def test_a_hidden_tab_requests_nothing(places: Places, session: FakeSession, folder: RunFolder) -> None:
    run = summary(folder)
    engine = FakeEngine(run)
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.shows("weights as an image")
        await opened.press("1")
        await settled(opened)
        asked = await opened.stable_count(lambda: len(session.requests))
        engine.change(run)
        await opened.pilot.pause(0.3)
        assert len(session.requests) == asked


def test_nothing_of_the_tab_is_imported_before_it_is_opened() -> None:
    import subprocess
    import sys

    code = (
        "import sys, tui.app; "
        "print([name for name in sys.modules if name.startswith('tui.mnist.') or name == 'numpy'])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           cwd=Path(__file__).parents[3])  # fmt: skip
    assert found.stdout.strip() == "[]"


async def test_without_an_image_protocol_a_notice_says_how_to_get_one(
    places: Places, session: FakeSession, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.terminal.image_protocol.is_prepared", lambda: False)
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.shows("weights as an image")
        await opened.press("S")
        await opened.until(lambda: any("dltui[images]" in notice for notice in opened.notices))


async def test_the_report_stays_when_another_network_gets_its_first_checkpoint(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    other = plant(places.root, {7: convolutions(seed=3)}, model="double_conv")
    engine = FakeEngine(summary(folder, created=5.0))
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.press("4", "r")
        await opened.shows("planted", "macro avg")
        engine.change(summary(other, created=9.0, name="dc100", state=Running(9.0)))
        await opened.shows("newer: dc100, o opens it")
        await settled(opened)
        assert opened.app.query_one(ReportView).run_id == folder.id
        await opened.press("o", "enter")
        await opened.until(lambda: opened.app.query_one(ReportView).run_id == other.id)
        await opened.until(lambda: "newer:" not in opened.text)


@pytest.mark.parametrize(("key", "view"), [("r", "report"), ("f", "filters"), ("b", "draw")])
async def test_the_views_show_the_network_under_the_cursor(
    places: Places, session: FakeSession, folder: RunFolder, key: str, view: str
) -> None:
    other = plant(places.root, {7: convolutions(seed=3)}, model="double_conv")
    mine, newer = summary(folder, created=5.0), summary(other, created=9.0, name="newest")
    async with open_app(places, FakeEngine(mine, newer), (120, 40)) as opened:
        await opened.press("4", "m")
        networks = opened.app.query_one(NetworksView)
        await opened.until(lambda: networks.entry.run is not None and networks.entry.run.id == other.id)
        at = next(at for at, recipe in enumerate(networks.recipes) if networks.run_of(recipe) == mine)
        await opened.press(*["down"] * ((at - networks.cursor) % len(networks.recipes)))
        await opened.press(key)
        shown = opened.app.query_one(f"#mnist-{view}", MnistView)
        await opened.until(lambda: shown.in_front and shown.run_id == folder.id)
        await opened.press("m")
        await opened.until(lambda: networks.in_front)
        at = networks.recipes.index(networks.missing()[0])
        await opened.press(*["down"] * ((at - networks.cursor) % len(networks.recipes)))
        await opened.press(key)
        await opened.shows(f"{networks.entry.recipe.title} is not trained yet: this is planted")


async def test_the_first_and_the_last_network_are_one_key_away(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (120, 40)) as opened:
        await opened.press("4", "m")
        networks = opened.app.query_one(NetworksView)
        await opened.until(lambda: networks.in_front)
        for key, place in (("G", len(networks.recipes) - 1), ("g", 0), ("end", -1), ("home", 0)):
            await opened.press(key)
            assert networks.cursor == place % len(networks.recipes)

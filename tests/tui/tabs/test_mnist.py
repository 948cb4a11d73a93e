"""The MNIST tab from the keyboard alone, on the 8x8 digits that need no network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import store
from engine.events import EventWriter
from engine.places import Places
from engine.protocol import Queued, Running, RunSummary
from engine.store import RunFolder
from tests.engine.session.digit_runs import convolutions, damage, plant, tell, templates
from tests.fakes.desk import FakeSession
from tests.fakes.engine import FakeEngine, done, make_run
from tests.fakes.lab import Lab, lab
from tui import view_state
from tui.screens.sharp import SharpScreen
from tui.tabs.mnist import MnistTab
from tui.tabs.mnist_draw import DrawView
from tui.tabs.mnist_filters import FiltersView
from tui.tabs.mnist_pictures import PicturesView
from tui.tabs.mnist_report import ReportView

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)


@pytest.fixture
def session(places: Places, monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    made = FakeSession(places)
    monkeypatch.setattr("engine.client.open_session", lambda places: made)
    return made


@pytest.fixture
def folder(places: Places) -> RunFolder:
    """A logistic regression that reads well; its first checkpoint reads badly."""
    made = plant(
        places.root, {20: convolutions(seed=1), 40: templates()}, model="logistic", iterations=13_000
    )
    tell(made, (20, 0.5), (40, 0.9), test=0.88)
    return made


def summary(folder: RunFolder, **facts: object) -> RunSummary:
    """The run as a service would tell of it."""
    spec = store.read_spec(folder)
    step = max(int(path.name.removeprefix("step-")) for path in folder.checkpoints.iterdir())
    usual = {
        "state": done(),
        "checkpoint_step": step,
        "step": step,
        "metrics": {"val_accuracy": 0.9},
        "name": "planted",
    }
    return make_run(
        1, id=folder.id, experiment="mnist", params=spec.params,
        **{**usual, **facts},  # type: ignore[arg-type]
    )  # fmt: skip


def view(opened: Lab) -> MnistTab:
    return opened.app.query_one(MnistTab)


async def settled(opened: Lab) -> None:
    """Until nothing that was asked is unanswered."""
    await opened.until(lambda: not any(one.group.startswith("mnist") for one in opened.app.workers))


async def test_what_is_wrong_with_the_data_is_said_whole(
    places: Places, session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "train-images-idx3-ubyte.gz"
    (tmp_path / name).write_bytes(b"no picture at all")
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    async with lab(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("4")
        await opened.sees("cannot be opened", "expected all four", "d data", "b draw")
        assert name in "".join(opened.text.split())


@pytest.mark.parametrize("size", SIZES)
async def test_the_data_say_what_they_are(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    async with lab(places, FakeEngine(), size) as opened:
        await opened.press("4")
        await opened.sees(
            "1,293", "144", "360", "could not be found", "mean image of each class", "of the pixels"
        )
        await opened.press("down")
        await opened.sees("picture 1 of each class")
        await opened.press("G", "g")
        await opened.sees("mean image of each class")


@pytest.mark.parametrize("key", ["r", "f"])
async def test_without_a_run_one_key_trains_one(places: Places, session: FakeSession, key: str) -> None:
    engine = FakeEngine()
    async with lab(places, engine, (80, 24)) as opened:
        await opened.press("4", key)
        await opened.sees("No network has learned to read yet", "trains double_conv")
        await opened.press("s")
        await opened.until(lambda: engine.asked)
        assert engine.asked[0][:3] == ("submit", "mnist", {"model": "double_conv", "batch": 50})
        await opened.sees("first checkpoint has not come yet")


async def test_the_networks_are_compared_and_the_missing_ones_started(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    engine = FakeEngine(summary(folder))
    async with lab(places, engine, (120, 40)) as opened:
        await opened.press("4", "m")
        await opened.sees("logistic", "double_conv_dropout", "1,014,924", "not trained yet", "650", "640")
        await opened.press("a")
        await opened.until(lambda: len(engine.asked) == 9)
        assert [one[2] for one in engine.asked if "recipe" in one[2]] == [
            {"recipe": "fast"}, {"recipe": "accurate"},
        ]  # fmt: skip
        asked = [(one[2]["model"], one[2]["batch"]) for one in engine.asked if "recipe" not in one[2]]
        assert ("mlp", 50) in asked and len({one for one in asked if "conv" in one[0]}) == 6


@pytest.mark.parametrize("size", SIZES)
async def test_the_report_is_walked_to_a_cell_and_its_pictures(
    places: Places, session: FakeSession, folder: RunFolder, size: tuple[int, int]
) -> None:
    async with lab(places, FakeEngine(summary(folder)), size) as opened:
        await opened.press("4", "r")
        await opened.sees(
            "360 test pictures", "accuracy", "balanced", "macro avg", "weighted avg", "4 taken for 9"
        )
        report = opened.app.query_one(ReportView)
        await opened.press("x")
        true, answer = report.mistakes()[0]
        assert report.cell == (true, answer)
        await opened.sees(f"{true} taken for {answer}")
        await opened.press("enter")
        await opened.sees(f"it is {true}", f"the network says {answer}", "1 of ")
        await opened.press("v")
        await opened.sees(f"speaks for {answer}")
        await opened.press("t")
        await opened.sees(f"speaks for {true}")
        await opened.press("escape")
        await opened.sees("macro avg")


async def test_the_hundred_worst_are_walked_through(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.sees("macro avg")
        await opened.press("w")
        await opened.sees("the most wrong", "1 of ")
        pictures = opened.app.query_one(PicturesView)
        await opened.press("right", "down")
        await opened.until(lambda: pictures.cursor > 1)
        await opened.press("G")
        await opened.sees(f"{len(pictures.images)} of {len(pictures.images)}")


async def test_another_split_has_another_report(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.sees("360 test pictures")
        await opened.press("v")
        await opened.sees("144 validation pictures")
        await opened.press("v")
        await opened.sees("1,293 train pictures")


async def test_shifts_and_noise_are_shown(places: Places, session: FakeSession, folder: RunFolder) -> None:
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.sees("macro avg")
        await opened.press("c")
        await opened.sees("shift", "noise", "360 pictures")


@pytest.mark.parametrize("size", SIZES)
async def test_filters_are_stepped_through(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    folder = plant(places.root, {20: convolutions(seed=1), 40: convolutions(seed=2)}, model="double_conv")
    async with lab(places, FakeEngine(summary(folder)), size) as opened:
        await opened.press("4", "f")
        await opened.sees("conv1", "step 40", "5 filters of 5x5")
        await opened.press("left")
        await opened.sees("step 20")
        await opened.press("down")
        await opened.sees("conv2", "sees 5 maps")
        shown = opened.app.query_one(FiltersView)
        await opened.until(lambda: len(shown.moment.looks) == 4)
        assert shown.moment.looks[0].before is not None
        await opened.press("G")
        await opened.sees("step 40")


async def test_a_dense_network_shows_its_moulds(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.sees("one mould for each unit")


@pytest.mark.parametrize("size", SIZES)
async def test_a_digit_is_drawn_and_read_as_the_stroke_goes(
    places: Places, session: FakeSession, folder: RunFolder, size: tuple[int, int]
) -> None:
    async with lab(places, FakeEngine(summary(folder)), size) as opened:
        await opened.press("4", "b")
        await opened.sees("Draw a digit")
        await opened.press("space", *["down"] * 16)
        await opened.sees("it reads", "what it sees", "down: moving draws")
        asked = len(session.of("mnist.predict"))
        await opened.press("right")
        await opened.until(lambda: len(session.of("mnist.predict")) > asked)
        await opened.press("u")
        await opened.sees("Draw a digit")


async def test_a_digit_is_drawn_with_the_mouse(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with lab(places, FakeEngine(summary(folder)), (120, 40)) as opened:
        await opened.press("4", "b")
        await opened.sees("Draw a digit")
        await opened.drag((20, 6), (20, 12), (24, 20))
        await opened.sees("it reads", "what it sees")
        ink = opened.app.query_one(DrawView).pad.ink
        columns = np.flatnonzero(ink.max(axis=0))
        rows = np.flatnonzero(ink.max(axis=1))
        assert rows.max() - rows.min() > 2 * (columns.max() - columns.min()) > 0
        await opened.drag((119, 39), (118, 39))
        assert np.array_equal(opened.app.query_one(DrawView).pad.ink, ink)


async def test_one_that_waits_for_a_place_says_for_what(places: Places, session: FakeSession) -> None:
    waits = make_run(
        1, experiment="mnist", params={"model": "mlp"}, state=Queued("2 CPUs are wanted, 0 free")
    )
    async with lab(places, FakeEngine(waits), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.sees("queued: 2 CPUs are wanted, 0 free", "first checkpoint has not come yet")


async def test_a_drawn_digit_is_kept_tested_and_dropped(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "b", "space", *["down"] * 16, "space")
        await opened.sees("it reads")
        await opened.press("enter")
        await opened.sees("which digit is it")
        await opened.press("enter")
        await opened.until(lambda: any("Kept as" in notice for notice in opened.notices))
        await opened.press("t")
        await opened.sees("1 of 1 read rightly")
        await opened.press("D")
        await opened.sees("None is kept yet")


async def test_a_picture_of_the_report_is_taken_to_the_pad(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.sees("macro avg")
        await opened.press("w")
        await opened.sees("1 of ")
        await opened.press("e")
        await opened.sees("Your digit", "it reads")
        assert not opened.app.query_one(DrawView).pad.is_empty


async def test_a_damaged_checkpoint_is_said_in_one_line(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    damage(folder, 40)
    async with lab(places, FakeEngine(summary(folder)), (120, 40)) as opened:
        await opened.press("4", "r")
        await opened.sees("macro avg", "Checkpoint step-")


async def test_a_session_that_dies_is_said_and_asked_again(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    session.is_up = False
    async with lab(places, FakeEngine(summary(folder)), (120, 40)) as opened:
        await opened.press("4", "r")
        await opened.sees("The session ended", "r asks again")
        session.is_up = True
        await opened.press("r")
        await opened.sees("macro avg")


async def test_an_engine_that_goes_takes_nothing_along(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    engine = FakeEngine(summary(folder))
    async with lab(places, engine, (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.sees("macro avg")
        engine.drop()
        await opened.press("x", "enter")
        await opened.sees("the network says")


async def test_another_run_is_chosen_for_every_view(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    other = plant(places.root, {7: convolutions(seed=3)}, model="double_conv")
    older = summary(other, created=1.0, name="other")
    async with lab(places, FakeEngine(summary(folder), older), (120, 40)) as opened:
        await opened.press("4", "r")
        await opened.sees("planted")
        await opened.press("o")
        await opened.sees("look at which network")
        await opened.press("down", "enter")
        await opened.sees("other", "360 test pictures")
        await opened.press("f")
        await opened.sees("conv1", "step 7")


async def test_how_it_was_looked_at_is_remembered(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "b", "space", *["down"] * 9, "space", "r")
        await opened.sees("macro avg")
        await opened.press("v", "up")
        await opened.sees("validation pictures", "3 taken for 9")
        opened.app._save_now()
    saved = view_state.read(places.view_state).views["mnist"]
    assert saved["view"] == "report" and saved["report"] == {"split": "validation", "cell": [3, 9]}
    assert saved["draw"]["ink"]
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4")
        await opened.sees("validation pictures", "3 taken for 9")
        await opened.press("b")
        await opened.sees("it reads")


async def test_a_tab_out_of_sight_asks_nothing(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    run = summary(folder)
    engine = FakeEngine(run)
    async with lab(places, engine, (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.sees("one mould")
        await opened.press("1")
        await settled(opened)
        asked = await opened.rests(lambda: len(session.asked))
        engine.change(run)
        await opened.pilot.pause(0.3)
        assert len(session.asked) == asked


def test_nothing_of_the_tab_is_imported_before_it_is_opened() -> None:
    import subprocess
    import sys

    code = "import sys, tui.app; print([name for name in sys.modules if 'mnist_' in name or name == 'numpy'])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           cwd=Path(__file__).parents[3])  # fmt: skip
    assert found.stdout.strip() == "[]"


async def test_sharp_pictures_say_how_to_have_them(
    places: Places, session: FakeSession, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.sharp.is_prepared", lambda: False)
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.sees("one mould")
        await opened.press("y")
        await opened.until(lambda: any("dltui[images]" in notice for notice in opened.notices))


async def test_filters_are_shown_as_one_picture(
    places: Places, session: FakeSession, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("textual_image")
    monkeypatch.setattr("tui.sharp.is_prepared", lambda: True)
    async with lab(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.sees("one mould")
        await opened.press("y")
        await opened.until(lambda: isinstance(opened.app.screen, SharpScreen))
        await opened.sees("back")
        await opened.press("escape")
        await opened.sees("one mould")


async def test_filters_of_a_run_that_trains_are_followed(places: Places, session: FakeSession) -> None:
    folder = plant(places.root, {20: convolutions(seed=1), 40: convolutions(seed=2)}, model="double_conv")
    writer = EventWriter(folder.events)
    writer.append("sketch", step=20, parts=sketched(seed=1))
    live = summary(folder, state=Running(since=1.0), step=40)
    async with lab(places, FakeEngine(live), (120, 40)) as opened:
        await opened.press("4", "f")
        await opened.sees("conv1", "step 20", "live", "5 filters of 5x5")
        writer.append("sketch", step=33, parts=sketched(seed=3))
        await opened.sees("step 33", "after the ReLU")
        await opened.press("left")
        await opened.sees("step 20", "↑ before")
    writer.close()


def sketched(seed: int) -> dict[str, object]:
    """Filters, and the maps of four pictures, as a run in training tells of them."""
    maps = np.random.default_rng(seed).integers(0, 256, (4, 5, 8, 8)).tolist()
    return {"filters/conv1": convolutions(seed=seed)["conv1.weight"].tolist(), "maps/conv1": maps}

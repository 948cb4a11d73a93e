"""SIGKILL at random moments: no step lost beyond the last checkpoint, no orphan, the same bits."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from engine.process_identity import ProcessIdentity
from tests.chaos import scaled
from tests.end_to_end.home import Home, kill

STEPS, SECONDS = 150, 0.01
Pick = Callable[[Home, str], ProcessIdentity | None]
WHOM: dict[str, Pick] = {
    "service": lambda home, run: home.service(),
    "keeper": lambda home, run: home.keeper(run),
    "worker": lambda home, run: home.worker(run),
}


def weights(run: dict[str, Any]) -> str:
    return str(run["checkpoints"][-1]["weights_sha256"])


@pytest.fixture
def often(home: Home) -> Home:
    """A checkpoint at nearly every step, so that kills also hit the writing of one."""
    home.environ["DLTUI_CHECKPOINT_SECONDS"] = "0.02"
    return home


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("whom", WHOM)
def test_kills_at_random_moments_cost_nothing(often: Home, whom: str) -> None:
    home = often
    whole = weights(home.finish(home.start("counter", steps=STEPS)))
    dice = random.Random(f"{whom}-1")
    kills = wanted = scaled(50)
    while kills:
        run = home.start("counter", steps=STEPS, seconds=SECONDS)
        home.until(lambda run=run: home.worker(run), "a worker")
        while kills and (ended := one_kill(home, run, WHOM[whom], dice)) is not None:
            kills -= ended
        assert weights(home.finish(run)) == whole
        home.until(
            lambda: home.processes() in ([], [service_pid(home)]), "the end of every process but the service"
        )
    print(f"{wanted} kills of the {whom}: all final weights {whole[:12]}")


def one_kill(home: Home, run: str, pick: Pick, dice: random.Random) -> int | None:
    """1 after a kill, 0 where the process had ended before, None where the run is done."""
    time.sleep(dice.random() * 0.8)
    saved = home.steps_saved(run)
    hit = kill(pick(home, run))
    found = settled(home, run)
    if found["status"] in ("failed", "lost"):
        explained(found)
        assert found["checkpoint_step"] >= saved
        restored_before = len(restored(home, run))
        home.ask(lambda client: client.resume(run))
        went_on_from(home, run, found["checkpoint_step"], restored_before)
    return None if found["status"] == "done" else int(hit)


def settled(home: Home, run: str) -> dict[str, Any]:
    """The summary of the run after it has ended or has a keeper and a worker."""

    def read() -> dict[str, Any] | None:
        found = home.show(run)
        at_work = home.keeper(run) is not None and home.worker(run) is not None
        return found if found["status"] != "running" or at_work else None

    return dict(home.until(read, "an end, or somebody at work"))


def explained(found: dict[str, Any]) -> None:
    cause = found["cause"]
    assert cause["kind"] in ("signal", "keeper_lost"), cause
    assert cause["text"]


def restored(home: Home, run: str) -> list[int]:
    return [event.facts["step"] for event in home.events(run) if event.kind == "restored"]


def went_on_from(home: Home, run: str, step: int, before: int) -> None:
    """Assert that the newest attempt starts at the newest checkpoint."""
    if step:
        home.until(lambda: len(restored(home, run)) > before, "a restored event")
        assert restored(home, run)[-1] >= step


def service_pid(home: Home) -> int:
    holder = home.service()
    return holder.pid if holder else 0


@pytest.mark.long
def test_everything_killed_at_once_is_found_again_and_explained(often: Home) -> None:
    home = often
    whole = weights(home.finish(home.start("counter", steps=STEPS)))
    run = home.start("counter", steps=STEPS, seconds=SECONDS)
    home.until(lambda: home.steps_saved(run) > 3, "some checkpoints")
    for pid in home.processes():
        os.kill(pid, 9)
    found = home.reach(run, "lost")
    explained(found)
    assert found["checkpoint_step"] >= 3
    assert weights(home.finish(run)) == whole


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_killed_torch_worker_ends_in_the_bits_of_an_uninterrupted_one(often: Home) -> None:
    home = often
    facts = {"epochs": 4000, "hidden": 4, "seed": 3}
    whole = weights(home.finish(home.start("xor", **facts)))
    dice = random.Random(5)
    run = home.start("xor", **facts)
    for _ in range(scaled(10, least=2)):
        home.until(lambda: home.steps_saved(run) > 0, "a checkpoint")
        time.sleep(dice.random() * 0.3)
        kill(home.worker(run))
        if home.reach(run, "failed", "done")["status"] == "done":
            break
        home.dltui("resume", run)
        home.until(lambda: home.worker(run) or home.show(run)["status"] == "done", "a worker")
    assert weights(home.finish(run)) == whole


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_mnist_paused_at_random_points_ends_in_the_bits_of_an_uninterrupted_one(home: Home) -> None:
    """On MNIST where DLTUI_DATA has it, else on the 8x8 digits."""
    pauses = scaled(20, least=2)
    facts = {"model": "double_conv_dropout", "iterations": 3000 * pauses, "epochs": 1000, "target": "never"}
    home.environ["DLTUI_OFFLINE"] = "1"
    whole = weights(home.finish(home.start("mnist", **facts)))
    run, dice = home.start("mnist", **facts), random.Random(11)
    for _ in range(pauses):
        due = home.show(run)["step"] + dice.randint(1, 60)
        home.until(lambda due=due: home.show(run)["step"] >= due, "steps")
        home.ask(lambda client: client.pause(run))
        home.reach(run, "paused")
        home.ask(lambda client: client.resume(run))
    assert weights(home.finish(run)) == whole
    assert len(restored(home, run)) == pauses

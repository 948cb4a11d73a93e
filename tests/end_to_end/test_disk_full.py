"""A disk that fills up while a run trains, and homes that cannot be written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.places import Places
from tests.end_to_end.home import Home
from tests.fakes import waits


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home on a file system of its own, 48 MiB."""
    root = tmp_path / "disk"
    root.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0700", "tmpfs", root], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a disk of one's own needs the right to mount one")
    monkeypatch.setenv("DLTUI_HOME", str(root))
    home = Home(Places(root), {"DLTUI_CHECKPOINT_SECONDS": "0.05"})
    try:
        yield home
    finally:
        home.close()
        home.until(
            lambda: subprocess.run(["umount", root], capture_output=True).returncode == 0,
            "the disk to be free",
        )


def fill(home: Home) -> Path:
    """Fill the file system to the last byte."""
    ballast = home.places.root / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_a_full_disk_is_reported_and_nothing_is_lost_after_space_is_freed(small: Home) -> None:
    home = small
    whole = home.finish(home.start("counter", steps=3000))
    run = home.start("counter", steps=3000, seconds=0.02)
    home.until(lambda: home.steps_saved(run) > 2, "some checkpoints")
    before = home.steps_saved(run)
    ballast = fill(home)
    notice = home.until(lambda: home.show(run)["notice"], "a notice")
    assert "disk" in notice.lower() or "space" in notice.lower()
    assert home.show(run)["status"] == "running"
    ballast.unlink()
    home.until(lambda: home.steps_saved(run) > before + 2, "checkpoints again")
    waits.skip(home.places.root)
    ended = home.finish(run)
    assert ended["checkpoints"][-1]["weights_sha256"] == whole["checkpoints"][-1]["weights_sha256"]
    assert home.dltui("verify", run)


@pytest.mark.long
def test_a_run_that_ends_on_a_full_disk_says_why_and_goes_on_later(small: Home) -> None:
    home = small
    whole = home.finish(home.start("counter", steps=3000))
    run = home.start("counter", steps=3000, seconds=0.02)
    home.until(lambda: home.steps_saved(run) > 2, "some checkpoints")
    ballast = fill(home)
    waits.skip(home.places.root)
    found = home.reach(run, "failed", "done")
    assert (found["status"], found["cause"]["kind"]) == ("done", "disk_full"), "what was trained is a result"
    assert found["checkpoint_step"] < 3000
    assert found["cause"]["text"].startswith("Finished at step 3000. Its last checkpoint was not saved")
    ballast.unlink()
    home.dltui("resume", run)
    ended = home.until(lambda: (seen := home.show(run))["attempt"] == 2 and seen["ended_at"] and seen)
    assert (ended["status"], ended["cause"]["kind"]) == ("done", "finished")
    assert ended["checkpoints"][-1]["weights_sha256"] == whole["checkpoints"][-1]["weights_sha256"]


@pytest.mark.long
def test_a_full_disk_refuses_a_new_run_in_one_line_and_the_engine_lives(small: Home) -> None:
    home = small
    home.finish(home.start("counter", steps=3))
    ballast = fill(home)
    refused = home.call("run", "counter")
    assert refused.returncode == 1
    assert "space" in refused.stderr.lower()
    assert "Traceback" not in refused.stderr
    ballast.unlink()
    home.finish(home.start("counter", steps=3))


def test_a_home_that_cannot_be_used_is_named(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    (open_to_all / "somebody's").touch()
    open_to_all.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "home")
    for root, word in (
        (file, "a-file"),
        (open_to_all, "0777"),
        (link, "link"),
        (Path("/proc/none"), "/proc/none"),
    ):
        home.environ["DLTUI_HOME"] = str(root)
        refused = home.call("ls")
        assert refused.returncode == 1
        assert word in refused.stderr
        assert "Traceback" not in refused.stderr
    assert open_to_all.stat().st_mode & 0o777 == 0o777, "what somebody keeps there is left as it is"


@pytest.mark.skipif(os.geteuid() != 0, reason="a foreign folder needs root to be made")
def test_a_folder_of_somebody_else_is_refused(home: Home, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o700)
    os.chown(foreign, 12345, 12345)
    home.environ["DLTUI_HOME"] = str(foreign)
    refused = home.call("ls")
    assert refused.returncode == 1
    assert "12345" in refused.stderr

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.keeper import arguments
from engine.protocol import CauseKind, Status
from tests.engine.keeper import fakes
from tests.engine.keeper.kept_run import keeping, make_folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_the_cause_is_written_when_the_disk_has_no_byte_left(small_disk: Path, tmp_path: Path) -> None:
    with keeping(make_folder(small_disk), fakes.write("fills_disk", tmp_path)) as run:
        ended = run.exit()
        free = os.statvfs(small_disk)
    assert free.f_bavail <= 4
    assert (ended.status, ended.code, ended.cause.kind) == (Status.FAILED, 1, CauseKind.DISK_FULL)


def test_on_a_full_disk_nothing_is_started_and_one_line_reports_it(small_disk: Path, tmp_path: Path) -> None:
    folder = make_folder(small_disk)
    with pytest.raises(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)
    with keeping(folder, fakes.write("finished", tmp_path)) as run:
        assert run.finish() == arguments.FOLDER_UNUSABLE
        assert "No space left on device" in run.error()
    assert not folder.keeper.exists()

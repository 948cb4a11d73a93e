from __future__ import annotations

from pathlib import Path

import pytest

from engine.machine_protocol import Severity
from engine.service.health.storage import check_disk, check_file_system, has_reset_bug, nearest_folder

ROOT = Path("/home/ada/.local/state/dltui")


@pytest.mark.parametrize(
    ("free", "severity"),
    [
        (5_000_000_000, Severity.OK),
        (4_999_999_999, Severity.WARNING),
        (1_000_000_000, Severity.WARNING),
        (999_999_999, Severity.DANGER),
        (0, Severity.DANGER),
    ],
)
def test_a_disk_that_is_nearly_full_is_reported(free: int, severity: Severity) -> None:
    assert check_disk(ROOT, free).severity is severity


@pytest.mark.parametrize(
    ("version", "has"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_the_wal_reset_bug_is_detected_by_version(version: tuple[int, ...], has: bool) -> None:
    assert has_reset_bug(version) is has


def test_a_home_on_a_remote_file_system_is_a_warning() -> None:
    assert check_file_system(ROOT, "nfs4").severity is Severity.WARNING
    assert check_file_system(ROOT, "ext4").severity is Severity.OK


def test_a_missing_home_is_checked_by_its_nearest_folder(tmp_path: Path) -> None:
    assert nearest_folder(tmp_path / "a" / "b") == tmp_path

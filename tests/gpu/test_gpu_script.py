from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.home import ROOT
from tests.gpu import pretended, repository_tests
from tests.gpu.__main__ import PARTS
from tests.gpu.result import GpuResult, GpuSetting, append, ratio, seconds, table


def script(out: Path, *words: str, status: int) -> tuple[str, list[GpuResult]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu", "--out", str(out), *words],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout, [GpuResult(**json.loads(line)) for line in out.read_text().splitlines()]


def test_a_bound_is_met_at_its_value_and_not_beyond() -> None:
    assert ratio("lm", "words", 200, 100, "words/s", 2, 4).is_met
    assert not ratio("lm", "words", 199, 100, "words/s", 2, 4).is_met
    assert seconds("service", "pause", 2.0, 2).is_met and not seconds("service", "pause", 2.01, 2).is_met


def test_every_result_is_a_line_on_disk_and_a_row_of_the_table(tmp_path: Path) -> None:
    results = [
        GpuResult("xor", "networks", "9 million/s", "1", "2", is_met) for is_met in (True, False, None)
    ]
    for result in results:
        append(tmp_path / "out", result)
    written = [GpuResult(**json.loads(line)) for line in (tmp_path / "out").read_text().splitlines()]
    assert written == results
    assert [row.split()[0] for row in table(results)[1:]] == ["ok", "NO", "-"]


def test_all_parts_together_keep_five_minutes() -> None:
    assert sum(seconds for _, seconds in PARTS.values()) <= 300


def test_a_part_says_what_it_drops_when_its_seconds_are_used(tmp_path: Path) -> None:
    late = GpuSetting("cpu", None, tmp_path, until=0.0)
    found = list(repository_tests.results(late))
    assert found and all(one.found == "not done" and "dropped" in one.note for one in found)


def test_with_a_pretended_driver_every_row_is_right(tmp_path: Path) -> None:
    found = list(pretended.results(GpuSetting("cpu", None, tmp_path)))
    assert len(found) > 15 and [one for one in found if not one.is_met] == []


@pytest.mark.long
def test_without_a_gpu_the_pretended_driver_is_tried_and_the_rest_is_named(tmp_path: Path) -> None:
    _, results = script(tmp_path / "out", "--only", "pretended", "--only", "lm", "--only", "mnist", status=0)
    found = {result.part: result for result in results}
    if found["lm"].note != "needs a GPU":
        pytest.skip("this machine has a GPU")
    assert found["pretended"].is_met and found["mnist"].found == "not done"


def test_a_part_that_takes_too_long_is_ended_and_said(tmp_path: Path) -> None:
    said, (late,) = script(
        tmp_path / "out", "--only", "machine", "--device", "cpu", "--seconds", "0.1", status=0
    )
    assert late.found == "not done" and "no time was left" in said

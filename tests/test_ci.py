"""What `.ci/run` prints about tests that fail at the first try."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.failed_tests import CACHE, LAST_FAILED, failed_tests, main
from tests.timeouts import LONG

ROOT = Path(__file__).parents[1]
MAKEFILE = """
check: lint types imports test
lint types imports:
	@exit {lint}
test:
	@exit {test}
again:
	@test "$(MOST)" = 3 && exit {again}
"""


def keep(folder: Path, kind: str, failed: list[str]) -> None:
    """Failed tests of `make KIND`, as pytest keeps them."""
    kept = folder / CACHE / kind / LAST_FAILED
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps(dict.fromkeys(failed, True)))


def ci(
    folder: Path, *, test: int, again: int, failed: list[str], lint: int = 0
) -> subprocess.CompletedProcess[str]:
    """`.ci/run` in a tree whose `make test`, `make again` and `make lint` end with these statuses."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "Makefile").write_text(MAKEFILE.format(test=test, again=again, lint=lint))
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "failed_tests.py", folder / "tests")
    keep(folder, "test", failed[:1])
    keep(folder, "long", failed[1:])
    return subprocess.run(
        ["bash", str(folder / ".ci" / "run")], capture_output=True, text=True, timeout=LONG, check=False
    )


def test_a_test_that_passed_only_at_its_second_try_is_named_last(tmp_path: Path) -> None:
    done = ci(tmp_path, test=1, again=0, failed=["tests/a.py::test_one", "tests/b.py::test_two"])
    assert done.returncode == 0
    assert done.stdout.splitlines()[-3:] == [
        "Flaky, passed only at a second try:", "tests/a.py::test_one", "tests/b.py::test_two",
    ]  # fmt: skip


@pytest.mark.parametrize(("test", "again"), [(0, 1), (1, 1)])
def test_no_test_is_called_flaky_without_a_second_try_that_passed(
    tmp_path: Path, test: int, again: int
) -> None:
    done = ci(tmp_path, test=test, again=again, failed=["tests/a.py::test_one"])
    assert bool(done.returncode) == bool(test)
    assert "Flaky" not in done.stdout


def test_a_second_try_of_a_test_does_not_excuse_the_linter(tmp_path: Path) -> None:
    done = ci(tmp_path, test=1, again=0, failed=["tests/a.py::test_one"], lint=1)
    assert done.returncode != 0
    assert "Flaky" not in done.stdout


def test_the_second_try_is_of_what_failed_in_both_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keep(tmp_path, "test", ["tests/a.py::test_one"])
    keep(tmp_path, "long", ["tests/b.py::test_two"])
    assert failed_tests(CACHE) == ["tests/a.py::test_one", "tests/b.py::test_two"]
    assert main(2) == 0 and main(1) == 1
    assert list(json.loads((CACHE / LAST_FAILED).read_text())) == failed_tests(CACHE)


def test_what_was_not_collected_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep(tmp_path, "test", ["tests/a.py"])
    assert main(3) == 1

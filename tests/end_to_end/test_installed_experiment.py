"""An experiment of an installed package: a wheel with an entry point in the group `dltui.experiments`."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.end_to_end.home import Home
from tests.engine.experiment_files.files import COUNTER, write
from tests.timeouts import LONG

PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "lab-of-somebody"
version = "1.0"

[project.entry-points."dltui.experiments"]
counted = "lab_of_somebody.counting"

[tool.hatch.build.targets.wheel]
packages = ["lab_of_somebody"]
"""


def run(*words: str, cwd: Path) -> None:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stdout + done.stderr


def installed(folder: Path) -> Path:
    """The interpreter of an environment with the wheel, in which the packages of this one are found too."""
    write(folder, "pyproject.toml", PROJECT)
    write(folder, "lab_of_somebody/__init__.py", "")
    write(folder, "lab_of_somebody/names.py", "TITLE = 'Counting'\n")
    write(
        folder,
        "lab_of_somebody/counting.py",
        COUNTER.replace("import time", "import time\nfrom . import names"),
    )
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels", ".", cwd=folder)
    [wheel] = (folder / "wheels").glob("*.whl")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    here = Path(sysconfig.get_path("purelib"))
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "others.pth").write_text(f"import site; site.addsitedir({str(here)!r})\n")
    run(*pip, "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel), cwd=folder)
    return python


@pytest.mark.long
def test_the_experiment_of_a_wheel_is_listed_trained_and_kept_with_its_package(
    home: Home, tmp_path: Path
) -> None:
    python = installed(tmp_path / "project")

    def dltui(*words: str) -> str:
        done = subprocess.run(
            [python, "-m", "tui", *words], cwd=tmp_path, env=home.full_environ(),
            capture_output=True, text=True, timeout=LONG,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    listed = {one["name"]: one for one in json.loads(dltui("experiments", "--json"))}
    assert Path(listed["counted"]["path"]).is_relative_to(tmp_path / "project" / "venv")
    done = json.loads(dltui("run", "counted", "--set", "steps=5", "--wait", "--json"))
    assert (done["status"], done["experiment"], done["step"]) == ("done", "counted", 5)
    [kept] = home.places.runs.glob("*/source/*/files/lab_of_somebody")
    assert sorted(path.name for path in kept.iterdir()) == ["__init__.py", "counting.py", "names.py"]

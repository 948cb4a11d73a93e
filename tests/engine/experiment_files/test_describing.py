"""What is known of a file, and how one is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import catalog, params
from engine.engine_path import PACKAGE_ROOT
from engine.errors import ParamError
from engine.experiment_files import added, describing, prepare, source_store
from engine.experiment_files.describe import _more_files
from engine.experiment_files.describing import ExperimentPlace
from engine.experiment_files.errors import UnusableExperiment
from engine.experiment_files.source_files import Source
from engine.places import Places
from engine.worker.kept_source import load_train
from tests.engine.experiment_files.files import COUNTER, EMPTY, describe, write


def refusal(places: Places, path: Path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(UnusableExperiment) as caught:
        describe(places, path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_is_an_experiment_with_the_parameters_it_declares(places: Places, tmp_path: Path) -> None:
    found = catalog.from_file(describe(places, write(tmp_path)).experiment)
    assert (found.name, found.title) == ("mine", "Counting: a sum that depends on every step.")
    assert found.claim == "The loss falls below 0.1."
    assert (found.best, found.goal, found.framework) == ("accuracy", "max", "numpy")
    known = {param.name: param for param in params.declared(found.params)}
    assert list(known) == ["lr", "steps", "seconds", "kind", "limit", "label", "is_loud"]
    assert known["lr"].live and known["lr"].log and known["lr"].above == 0
    assert known["kind"].choices == ("plain", "noisy") and known["limit"].word == "none"
    built = params.build(found.params, {"lr": "0.25", "limit": "none", "is_loud": "yes"})
    assert (built.lr, built.steps, built.limit, built.is_loud, built.seconds) == (0.25, 100, None, True, 0.0)
    with pytest.raises(ParamError, match="lr: expected a number above 0"):
        params.build(found.params, {"lr": "0"})


BAD = {
    "syntax": ("x = 1\ndef train(params, run:\n    pass\n", r"mine\.py, line 2: .*never closed"),
    "no train": ("x = 1\n", r"mine\.py: it has no function train\(params, run\)"),
    "no default": (
        "from dataclasses import dataclass\n@dataclass\nclass Params:\n    lr: float\n" + EMPTY,
        r"mine\.py, line 4: Params\.lr has no default: expected one, such as lr: float = 0\.1",
    ),
    "a list": (
        "from dataclasses import dataclass\n@dataclass\nclass Params:\n    sizes: tuple = ()\n" + EMPTY,
        r"mine\.py, line 4: Params\.sizes: expected bool, int, float, str or a Literal",
    ),
    "one value": ("def train(run):\n    pass\n", r"mine\.py, line 1: train has to take two values"),
    "import": (
        "import not_there_at_all\n" + EMPTY,
        r"mine\.py, line 1: ModuleNotFoundError: No module named",
    ),
    "exit": (
        "import sys\nsys.exit(3)\n" + EMPTY,
        r"mine\.py, line 2: it ends the process when it is imported",
    ),
    "killed": ("import os\nos.kill(os.getpid(), 9)\n" + EMPTY, r"mine\.py: the process .* signal 9"),
    "goal": ("GOAL = 'small'\n" + EMPTY, r"mine\.py: GOAL: expected min or max, got 'small'"),
    "itself": ("import mine\n" + EMPTY, r"mine\.py, line 1: it imports mine, which is the file itself"),
}


@pytest.mark.parametrize("text,expected", BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(
    text: str, expected: str, places: Places, tmp_path: Path
) -> None:
    assert re.search(expected, refusal(places, write(tmp_path, text=text)))


@pytest.mark.parametrize("name", ["xor", "xor_lanes", "lm_four"])
def test_a_file_named_like_one_of_ours_is_refused(name: str, places: Places, tmp_path: Path) -> None:
    assert "dltui has an experiment" in refusal(places, write(tmp_path, f"{name}.py"))


@pytest.mark.parametrize("name", ["add", "remove", "exec", "import"])
def test_no_experiment_has_the_name_of_a_command(name: str, places: Places, tmp_path: Path) -> None:
    assert f"may be called {name}" in refusal(places, write(tmp_path, f"{name}.py"))


def test_a_notebook_and_a_folder_are_refused(places: Places, tmp_path: Path) -> None:
    assert "is a notebook" in refusal(places, write(tmp_path, "mine.ipynb"))
    assert "is a folder" in refusal(places, tmp_path)


@pytest.mark.parametrize("name", ["engine", "tui", "checkpoints", "tests", "random"])
@pytest.mark.parametrize("place", ["{}.py", "{}/__init__.py"])
def test_a_module_beside_it_with_a_name_of_ours_is_named(
    name: str, place: str, places: Places, tmp_path: Path
) -> None:
    write(tmp_path, place.format(name), "x = 1\n")
    path = write(tmp_path, text=f"def train(params, run):\n    from {name} import x\n")
    assert f"line 2: {name} beside it has the name of a " in refusal(places, path)


def test_a_module_with_such_a_name_that_is_not_imported_does_no_harm(places: Places, tmp_path: Path) -> None:
    write(tmp_path, "tests.py", "raise SystemExit\n")
    assert describe(places, write(tmp_path)).source.texts.keys() == {"mine.py"}


@pytest.mark.parametrize("name", ["engine", "checkpoints"])
def test_a_file_in_the_clone_of_dltui_may_import_it_and_does_not_keep_it(
    name: str, places: Places, tmp_path: Path
) -> None:
    (tmp_path / name).symlink_to(PACKAGE_ROOT / name)  # as where the file lies in the clone
    text = f"import {name}.errors\ndef train(params, run):\n    pass\n"
    assert describe(places, write(tmp_path, text=text)).source.texts.keys() == {"mine.py"}


def test_a_file_in_the_folder_that_holds_the_clone_does_not_keep_it() -> None:
    """The modules of dltui that this process has imported lie below that folder."""
    beside = Source(PACKAGE_ROOT.parent, "mine.py", {})
    assert [name for name in _more_files(beside) if name.startswith(f"{PACKAGE_ROOT.name}/")] == []


def test_modules_beside_it_belong_to_its_source(places: Places, tmp_path: Path) -> None:
    write(tmp_path, "lib/__init__.py", "")
    write(tmp_path, "lib/deep.py", "from . import more\nfrom .sub import far\n")
    write(tmp_path, "lib/more.py", "")
    write(tmp_path, "lib/sub/__init__.py", "")
    write(tmp_path, "lib/sub/far.py", "")
    write(tmp_path, "late.py", "")
    write(tmp_path, "by_name.py", "")
    write(tmp_path, "unused.py", "raise SystemExit\n")
    text = "import importlib\nfrom lib.deep import more\nimportlib.import_module('by_' + 'name')\n"
    path = write(tmp_path, text=f"{text}def train(params, run):\n    import late\n")
    assert set(describe(places, path).source.texts) == {
        "mine.py", "lib/__init__.py", "lib/deep.py", "lib/more.py", "lib/sub/__init__.py", "lib/sub/far.py",
        "late.py", "by_name.py",
    }  # fmt: skip


def test_nothing_but_the_named_file_is_executed(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = "open({!r}, 'w').write(__name__)\n".format(str(tmp_path / "executed"))
    here = tmp_path / "here"
    for name in ("sitecustomize", "usercustomize", "engine", "numpy", "json", "typing", "mine"):
        write(here, f"{name}.py", trap)
        write(here, f"{name}2/__init__.py", trap)
    write(tmp_path / "there", "other.py", trap)
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTHONPATH", f"{PACKAGE_ROOT}::.")
    assert describe(places, write(tmp_path / "there")).experiment.best == "accuracy"
    assert added.list_all(places) == []
    assert not (tmp_path / "executed").exists()


def count_processes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    started: list[object] = []
    popen = subprocess.Popen

    def counted(*given: object, **named: object) -> object:
        started.append(given)
        return popen(*given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", counted)
    return lambda: len(started)


def test_the_second_description_starts_no_process(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "other.py", "X = 1\n")
    more = "import other\ntry:\n    import maybe_here\nexcept ImportError:\n    pass\n"
    path = write(tmp_path, text=f"{COUNTER}\n{more}")
    first = describe(places, path)
    processes = count_processes(monkeypatch)
    assert describe(places, path).experiment == first.experiment and processes() == 0
    write(tmp_path, "other.py", "X = 2\n")
    changed = describe(places, path)
    assert processes() == 1 and changed.experiment.source != first.experiment.source
    write(tmp_path, "maybe_here.py", "")
    assert "maybe_here.py" in describe(places, path).source.texts and processes() == 2


def test_what_a_file_prints_and_starts_does_no_harm(places: Places, tmp_path: Path) -> None:
    text = "import subprocess, threading, time\nprint('{' * 100_000)\nsubprocess.Popen(['sleep', '600'])\n"
    text += "threading.Thread(target=time.sleep, args=(600,)).start()\n"
    assert (
        describe(places, write(tmp_path, text=text + COUNTER.partition('"""\n\n')[2])).experiment.name
        == "mine"
    )


def test_an_interpreter_without_dltui_is_named(places: Places, tmp_path: Path) -> None:
    python = write(tmp_path, "python", f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    path = write(tmp_path)
    with pytest.raises(UnusableExperiment, match="which cannot be run"):
        prepare.find(places, str(path), str(python))
    python.chmod(0o755)
    with pytest.raises(UnusableExperiment, match="has no dltui"):
        prepare.find(places, str(path), str(python))
    assert describing.describe(places, ExperimentPlace(path)).experiment.python == ""


def test_an_interpreter_without_what_dltui_needs_is_named(places: Places, tmp_path: Path) -> None:
    python = write(tmp_path, "python", f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    with pytest.raises(UnusableExperiment, match="has no NumPy, which dltui needs: install dltui there"):
        prepare.find(places, str(write(tmp_path)), str(python))


def test_an_entry_point_of_a_package_is_listed_and_described_with_its_package(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    write(site, "their_package/__init__.py", "import json\n")
    write(site, "their_package/parts/__init__.py", "")
    write(site, "their_package/parts/spiral.py", f"from .. import sizes\nimport numpy\n{COUNTER}")
    write(site, "their_package/sizes.py", "X = 1\n")
    write(
        site,
        "their_package-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: their-package\nVersion: 1\n",
    )
    points = "[dltui.experiments]\nturns = their_package.parts.spiral\n"
    write(site, "their_package-1.0.dist-info/entry_points.txt", points)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", f"{PACKAGE_ROOT}:{site}")
    [place] = added.all_places(places)
    assert (place.name, place.module) == ("turns", "their_package.parts.spiral")
    assert "their_package" not in sys.modules
    found = describing.describe(places, place)
    assert (found.experiment.name, found.experiment.best) == ("turns", "accuracy")
    assert set(found.source.texts) == {
        "their_package/__init__.py", "their_package/parts/__init__.py", "their_package/parts/spiral.py",
        "their_package/sizes.py",
    }  # fmt: skip
    kept = prepare.keep(places, found)
    run = places.runs / "r"
    run.mkdir(parents=True)
    source_store.link(places.sources / kept.stored, run)
    (site / "their_package" / "sizes.py").write_text("1 / 0\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    load_train(run, kept)
    sizes = sys.modules.pop("their_package.sizes")
    assert str(run) in str(sizes.__file__)
    for name in [name for name in sys.modules if name.partition(".")[0] == "their_package"]:
        del sys.modules[name]


def test_a_folder_that_was_added_lists_what_fails_and_what_works(places: Places, tmp_path: Path) -> None:
    write(tmp_path / "mine")
    write(tmp_path / "mine", "broken.py", "def train(\n")
    write(tmp_path / "mine", "helpers.py", "x = 1\n")
    added.add(places, str(tmp_path / "mine"))
    found = {one.place.path.name: one for one in added.list_all(places)}
    assert set(found) == {"mine.py", "broken.py"}
    assert found["mine.py"].described and "broken.py, line 1" in found["broken.py"].error
    assert prepare.find(places, "mine") is not None
    with pytest.raises(UnusableExperiment, match="is called mine already"):
        added.add(places, str(write(tmp_path / "other")))
    assert added.remove(places, str(tmp_path / "mine")) == str(tmp_path / "mine")
    assert added.list_all(places) == []
    with pytest.raises(UnusableExperiment, match="was not added"):
        added.remove(places, "mine")


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("READS_DATA = True", True),
        ("from engine.data import mnist", True),
        ("from engine.data.example_order import order", False),
        ("from engine.data import mnist\nREADS_DATA = False", False),
        ("", False),
    ],
)
def test_a_file_says_whether_it_reads_data_sets(
    line: str, reads: bool, places: Places, tmp_path: Path
) -> None:
    found = describe(places, write(tmp_path, text=f"{line}\n{EMPTY}")).experiment
    assert catalog.from_file(found).reads_data is reads


CHECKED = """from dataclasses import dataclass
from engine.errors import ParamError
@dataclass
class Params:
    layers: int = 1
    dropout: float = 0.0
    def check(self):
        if self.dropout and self.layers < 2:
            raise ParamError("dropout: expected 2 layers or more.", "Set layers=2.")
        1 / self.layers
"""


def test_the_code_of_a_file_refuses_values_before_anything_is_submitted(
    places: Places, tmp_path: Path
) -> None:
    file = describe(places, write(tmp_path, text=CHECKED + EMPTY)).experiment
    assert file.checks and not describe(places, write(tmp_path, "plain.py")).experiment.checks
    with pytest.raises(ParamError, match=r"^dropout: expected 2 layers or more\. Set layers=2\.$"):
        prepare.check(file, {"dropout": "0.5"})
    prepare.check(file, {"dropout": "0.5", "layers": "2"})
    prepare.check(file, {"dropout": "0.5"}, ["layers=1,2"])
    with pytest.raises(ParamError, match="dropout: expected 2 layers"):
        prepare.check(file, {}, ["dropout=0.1,0.5", "seed=1,2"])
    with pytest.raises(UnusableExperiment, match=r"mine\.py, line 10: ZeroDivisionError"):
        prepare.check(file, {"layers": "0"})
    Path(file.path).unlink()
    prepare.check(file, {"dropout": "0.5"})


def test_a_link_that_leads_to_no_file_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "circle.py").symlink_to("circle.py")
    (tmp_path / "gone.py").symlink_to("elsewhere.py")
    for name, target in (("circle.py", "circle.py"), ("gone.py", "elsewhere.py")):
        with pytest.raises(UnusableExperiment, match=f"it is a link to {target}, which leads to no file"):
            describing.check_path(tmp_path / name)
    with pytest.raises(UnusableExperiment, match="there is no such file"):
        describing.check_path(tmp_path / "none.py")

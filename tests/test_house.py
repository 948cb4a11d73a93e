"""Rules about imports and packages that no linter checks."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tui.tabs import PAGES

ROOT = Path(__file__).parents[1]
PACKAGES = ("tui", "engine", "checkpoints")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FRAMEWORKS = {"torch", "tensorflow", "keras", "tensorboardX", "sklearn"}
DOORS = {
    "axes", "catalog", "client", "course", "errors", "events", "experiment_files", "files", "filter_fields",
    "fold", "machine_protocol",
    "notifications", "params", "places", "protocol", "reader_protocol", "refresh_intervals", "run_groups",
    "sampling",
    "session_protocol", "sweep_protocol", "system_metrics", "table_protocol", "text_pattern",
}  # fmt: skip


def loaded_after(code: str) -> set[str]:
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "module",
    [
        "engine.client.client",
        "engine.catalog",
        "engine.service.__main__",
        "engine.keeper.__main__",
        "engine.store",
    ],
)
def test_what_schedules_loads_no_framework_no_numpy_and_no_screen(module: str) -> None:
    assert not loaded_after(f"import {module}") & (FRAMEWORKS | {"numpy", "textual", "rich"})


def test_a_verb_loads_no_textual_and_no_numpy() -> None:
    assert not loaded_after("import tui.cli.commands") & (FRAMEWORKS | {"numpy", "textual", "plotext"})


def test_the_app_starts_without_frameworks_and_numpy() -> None:
    assert not loaded_after("import tui.app") & (FRAMEWORKS | {"numpy", "plotext"})


@pytest.mark.parametrize(
    "module", ["tui.app", "tui.cli.commands", "engine.service.__main__", "engine.session.__main__"]
)
def test_what_starts_loads_nothing_of_the_course(module: str) -> None:
    script = f"import json, sys, {module}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert [
        name for name in found if name.startswith(("engine.course", "engine.aids", "fsrs", "segno"))
    ] == []


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.name == "__init__.py"], ids=lambda path: path.parent.name
)
def test_an_init_file_holds_one_docstring(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    assert len(body) == 1
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.is_relative_to(ROOT / "tui")], ids=lambda path: path.stem
)
def test_the_tui_enters_the_engine_by_its_doors_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        for name in _imported(node):
            parts = name.split(".")
            assert parts[0] != "checkpoints"
            assert parts[0] != "engine" or len(parts) == 1 or parts[1] in DOORS, name


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.is_relative_to(ROOT / "tui")], ids=lambda path: path.stem
)
def test_of_the_course_the_app_reads_texts_and_what_is_due_and_verbs_ask_queries_too(path: Path) -> None:
    allowed = {"reading", "due"}
    if path.parent.name == "cli":
        allowed |= {"queries", "library", "problems", "line_review"}
    for node in ast.walk(ast.parse(path.read_text())):
        for name in _imported(node):
            if name.startswith("engine.course") and isinstance(node, ast.ImportFrom):
                named = {one.name for one in node.names}
                modules = {name.split(".")[2]} if name.count(".") > 1 else named
                assert modules <= allowed, name


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        if node.module == "engine":
            return [f"engine.{alias.name}" for alias in node.names]
        return [node.module]
    return []


def test_every_tab_is_named_in_the_contract_that_keeps_tabs_apart() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [layers] = [
        one["layers"]
        for one in project["tool"]["importlinter"]["contracts"]
        if "tui.app" in one.get("layers", ())
    ]
    named = {part.strip() for part in layers[1].split("|")}
    assert {page.partition(":")[0].rpartition(".")[0] for page in PAGES.values()} <= named


def test_no_class_name_stands_twice_in_the_product() -> None:
    named = [
        node.name
        for path in SOURCES
        if path.parent.name != "starters"  # files for users, who have one of them
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    ]
    assert [name for name in set(named) if named.count(name) > 1] == []


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_a_worker_is_given_a_function_and_makes_its_coroutine_when_it_starts(path: Path) -> None:
    """A coroutine that is made before would be left unawaited where the worker is cancelled first."""
    made = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "run_worker"
        and isinstance(node.args[0], ast.Call)
    ]
    assert made == [] or path.name == "run_actions.py"

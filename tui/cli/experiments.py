"""`dltui experiments`: the catalog, with parameters and defaults; files and folders added to it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from engine import catalog, places
from engine.catalog import SUITES, Experiment, suite
from engine.errors import DltuiError
from engine.params import Param, declared, format_value
from engine.protocol import Json
from tui.cli.engine_call import exit_on_error, print_json, print_lines, print_stderr, print_stdout
from tui.cli.find_experiment import find_or_fail
from tui.cli.shell_completion import complete_experiment
from tui.cli.table import wrapped
from tui.cli.usage_text import Verb

if TYPE_CHECKING:
    from engine.experiment_files.added import Listed

HELP = ("-h", "--help")
HELP_TEXT = """Print the catalog: experiments, parameters, defaults.

\b
    dltui experiments [NAME] [--json]
    dltui experiments add PATH        a file, or a folder of files, with train(params, run)
    dltui experiments remove PATH"""
LIST = "list"
Path = Annotated[str, typer.Argument(metavar="PATH", help="a Python file, or a folder of them")]


class ExperimentsGroup(TyperGroup):
    """A first argument that is no command is the name of an experiment: `dltui experiments xor`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in HELP):
            args = [LIST, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=ExperimentsGroup, help=HELP_TEXT, rich_markup_mode=None)


@app.command(LIST, cls=Verb)
def list_experiments(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="one experiment, file or suite", autocompletion=complete_experiment
        ),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Print the catalog, or one experiment: parameters, defaults."""
    found: tuple[Experiment, ...]
    if name:
        found = () if suite(name) else (find_or_fail(name),)
        added: list[Listed] = []
    else:
        found, added = catalog.built_in(), _added()
    shown = [*found, *(catalog.from_file(one.described.experiment) for one in added if one.described)]
    errors = [one for one in added if one.error]
    if json:
        print_json([*map(_as_json, shown), *map(_error_as_json, errors)])
        return
    for experiment in shown:
        _say(experiment)
    for one in SUITES:
        if not name or name in (one.name, one.experiment):
            print_stdout(f"{one.name}  (a sweep of {one.experiment}: {' '.join(one.axes)})  {one.title}")
            print_stdout(f"    dltui sweep {one.name}")
    for failed in errors:
        print_stderr(failed.error)


@app.command(cls=Verb)
def add(
    path: Path,
    python: Annotated[
        str, typer.Option(metavar="PATH", help="interpreter that trains it; it needs dltui as well")
    ] = "",
) -> None:
    """Add a file or a folder to the catalog: launch form, sweeps, --set."""
    from engine.experiment_files import added  # the list does not need it

    with exit_on_error():
        found = added.add(places.home(), path, python)
    for one in found:
        if one.described:
            print_stdout(f"{one.described.experiment.name}  {one.place.path}")
        else:
            print_stderr(one.error)
    sys.exit(0 if all(one.described for one in found) else 1)


@app.command(cls=Verb)
def remove(path: Path) -> None:
    """Remove a file or a folder from the catalog; its runs stay, and can be resumed."""
    from engine.experiment_files import added

    with exit_on_error():
        print_stdout(added.remove(places.home(), path))


def _added() -> list[Listed]:
    from engine.experiment_files import added

    try:
        return added.list_all(places.home())
    except DltuiError as error:
        print_stderr(str(error))
        return []


def _say(experiment: Experiment) -> None:
    print_lines(wrapped([(experiment.name, f"({experiment.framework})", experiment.title)]))
    facts = [experiment.claim, experiment.file.path if experiment.file else ""]
    for fact in filter(None, facts):
        print_lines(wrapped([("", fact)], indent=2))
    print_lines(wrapped([_row(param) for param in declared(experiment.params)], indent=4))
    print_stdout("")


def _row(param: Param) -> tuple[str, str]:
    live = "can be changed during training" if param.live else ""
    return (
        f"{param.name}={format_value(param, param.default)}",
        "; ".join(filter(None, [param.help, live, param.expected])),
    )


def _as_json(experiment: Experiment) -> Json:
    return {
        "name": experiment.name,
        "title": experiment.title,
        "claim": experiment.claim,
        "framework": experiment.framework,
        "params": [{**asdict(p), "kind": p.kind.__name__} for p in declared(experiment.params)],
        **({"path": experiment.file.path} if experiment.file else {}),
    }


def _error_as_json(failed: Listed) -> Json:
    return {"name": failed.place.name or failed.place.path.stem, "path": str(failed.place.path),
            "error": failed.error}  # fmt: skip

"""Import the file of an experiment, and find what it declares. Only for processes that may run its code."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from engine.experiment_files.errors import UnusableExperiment, at_line
from engine.params import Param, ParamSet, declared

PARAMS = "Params"
"""name of the dataclass of parameters, where `train` does not name another one"""


def load(root: Path, main: str, module: str = "", path: Path | None = None) -> types.ModuleType:
    """Import the file `main` of the folder `root`, whose modules come before all others.

    `path`: where that file is, if it is not in the folder.
    """
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    if module:
        return importlib.import_module(module)
    name = Path(main).stem
    if not name.isidentifier() or name in sys.modules:
        name = f"experiment_{name}"
    spec = importlib.util.spec_from_file_location(name, path or root / main)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def train_of(module: types.ModuleType) -> Callable[[Any, Any], None]:
    """Raises UnusableExperiment."""
    found = getattr(module, "train", None)
    if not callable(found):
        raise UnusableExperiment(f"{module.__file__}: it has no function train(params, run).")
    try:
        inspect.signature(found).bind(None, None)
    except TypeError:
        line = getattr(getattr(found, "__code__", None), "co_firstlineno", None)
        raise at_line(module.__file__, line, "train has to take two values: train(params, run).") from None
    except ValueError:
        pass  # a callable without a signature
    made: Callable[[Any, Any], None] = found
    return made


def params_class(module: types.ModuleType) -> type[Any] | None:
    """The dataclass of parameters: that of the annotation of `train`, else `Params`; None for none.

    Raises UnusableExperiment where there are several dataclasses and none is named.
    """
    train = train_of(module)
    named = next(iter(inspect.signature(train).parameters.values())).annotation
    if isinstance(named, str):
        named = getattr(module, named.strip("'\" "), named)
    if dataclasses.is_dataclass(named) and isinstance(named, type):
        return named
    found = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and dataclasses.is_dataclass(one) and one.__module__ == module.__name__
    ]
    by_name = [one for one in found if one.__name__ == PARAMS]
    if len(by_name or found) > 1:
        names = ", ".join(one.__name__ for one in found)
        raise UnusableExperiment(
            f"{module.__file__}: which of {names} has the parameters? Write train(params: NAME, run)."
        )
    return next(iter(by_name or found), None)


def own_params(module: types.ModuleType, values: Mapping[str, Any]) -> Any:
    """The values as the dataclass of the file, checked by its own `check`. Raises ParamError and others."""
    kind = params_class(module)
    if kind is None:
        return None
    made = kind(**values)
    check = getattr(made, "check", None)
    if callable(check):
        check()
    return made


def params_of(module: types.ModuleType) -> tuple[Param, ...]:
    """All parameters, in order. Raises UnusableExperiment."""
    kind = params_class(module)
    if kind is None:
        return ()
    typed: type[ParamSet] = kind
    known = {param.name: param for param in declared(typed)}
    try:
        hints = typing.get_type_hints(kind)
    except Exception as error:  # an annotation may hold any expression
        raise at_line(module.__file__, _line(kind, ""), f"{kind.__name__}: {error}.") from None
    made = []
    for one in dataclasses.fields(kind):
        if not one.init:
            continue
        where = f"{kind.__name__}.{one.name}"
        if one.default is dataclasses.MISSING:
            text = f"{where} has no default: expected one, such as {one.name}: float = 0.1."
            raise at_line(module.__file__, _line(kind, one.name), text)
        found = known.get(one.name) or _plain(one.name, hints[one.name], one.default)
        if found is None or found.kind not in (bool, int, float, str):
            text = f"{where}: expected bool, int, float, str or a Literal of texts, got {one.type}."
            raise at_line(module.__file__, _line(kind, one.name), text)
        made.append(found)
    return tuple(made)


def _plain(name: str, kind: Any, default: Any) -> Param | None:
    """The parameter of a field without `engine.params`; None where its type is none of a parameter."""
    word = ""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        left = [part for part in typing.get_args(kind) if part is not type(None)]
        if len(left) != 1:
            return None
        kind, word = left[0], "none"
    choices: tuple[str, ...] = ()
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        if not all(isinstance(one, str) for one in choices):
            return None
        kind = str
    if isinstance(default, Enum) or kind not in (bool, int, float, str):
        return None
    if default is None:
        return Param(name, kind, None, "", choices, word=word) if word else None
    if kind is float and type(default) is int:
        default = float(default)
    return Param(name, kind, default, "", choices, word=word) if type(default) is kind else None


def _line(kind: type[Any], name: str) -> int | None:
    """The line of a field, or of the class."""
    try:
        lines, first = inspect.getsourcelines(kind)
    except (OSError, TypeError):
        return None
    for place, text in enumerate(lines):
        if name and text.split(":")[0].strip() == name:
            return first + place
    return first

"""Conversion of specs of version 1 to version 2 when they are read; the files are not changed.

Version 1 wrote 0 or -1 for a number that was not given. Version 2 writes null, and 0 is 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
Words = Mapping[float, str]

VERSION = 2
"""of specs that are written; a spec without a version has version 1"""

_NEVER: Words = {0: "never"}
_AUTO: Words = {0: "auto"}
_ALL: Words = {0: "all"}
_OF: Mapping[str, Mapping[str, Words]] = {
    "xor": {"patience": _NEVER},
    "xor_batch": {"patience": _NEVER, "draws": _ALL, "stop": {0: "none"}},
    "mnist": {"iterations": _ALL, "target": _NEVER, "every": _AUTO},
    "mnist_recipe": {"lr": _AUTO, "epochs": _AUTO, "every": _AUTO},
    "lm": {"lr": _AUTO, "dropout": {-1: "auto"}, "clip": {-1: "auto", 0: "off"}, "patience": _NEVER},
}
"""experiment -> parameter -> number of version 1 -> word of version 2"""
_OLD_NAMES: Mapping[str, str] = {"xor_lanes": "xor_batch"}
"""old name of an experiment -> its name in the catalog"""
_SETTINGS: Mapping[str, Words] = {"trials": _ALL, "parallel": _AUTO}
"""settings of a sweep"""
_KEPT_AS_TEXT = ("off",)
"""words that are values themselves; the others stand for null"""
_BACK_TO_SUBMITTED = ("lm", "lr")
"""(experiment, parameter) for which 0, set live, meant the submitted value"""
_WHOLE_RANGE = re.compile(r"(\d{1,6})\.\.(\d{1,6})")


def is_current(data: Mapping[str, Any]) -> bool:
    """Whether no conversion is needed; True for a version that is not a number, which type checks refuse."""
    version = data.get("version", 1)
    return type(version) is not int or version >= VERSION


def current_experiment(name: str) -> str:
    """The name in the catalog of an experiment that may be given by an old name."""
    return _OLD_NAMES.get(name, name)


def experiment_names(name: str) -> tuple[str, ...]:
    """The name in the catalog and all old names of an experiment, given by any of them."""
    current = current_experiment(name)
    return (current, *(old for old, new in _OLD_NAMES.items() if new == current))


def renamed_experiments() -> tuple[tuple[str, ...], ...]:
    """The `experiment_names` of every experiment that has an old name."""
    return tuple(experiment_names(name) for name in dict.fromkeys(_OLD_NAMES.values()))


def upgrade_value(experiment: str, name: str, given: Any) -> Any:
    """Convert the value of a parameter."""
    return _value(_words_of(experiment).get(name, {}), given)


def upgrade_params(experiment: str, given: Mapping[str, Any]) -> Json:
    """Convert parameters, by name."""
    found = {name: upgrade_value(experiment, name, old) for name, old in given.items()}
    if current_experiment(experiment) == "xor_batch" and isinstance(found.get("axes"), str):
        found["axes"] = upgrade_axes_text("xor", found["axes"])
    return found


def upgrade_live(experiment: str, submitted: Mapping[str, Any], name: str, given: Any) -> Any:
    """Convert a value that was set while the run trained; `submitted` are its parameters of version 2."""
    new = upgrade_value(experiment, name, given)
    return submitted.get(name) if new is None and (experiment, name) == _BACK_TO_SUBMITTED else new


def upgrade_axes_text(experiment: str, text: str) -> str:
    parts = (part.partition("=") for part in text.split(";"))
    words = _words_of(experiment)
    return ";".join(
        name + equals + _text(words.get(name.strip(), {}), given) for name, equals, given in parts
    )


def upgrade_form_texts(experiment: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Convert the texts of the form of a run or a sweep, by name."""
    words = {**_SETTINGS, **_words_of(experiment)}
    found = {name: _text(words.get(name, {}), str(text)) for name, text in given.items()}
    if current_experiment(experiment) == "xor_batch" and "axes" in found:
        found["axes"] = upgrade_axes_text("xor", found["axes"])
    return found


def upgrade_sweep(data: Mapping[str, Any]) -> Json:
    """Convert the JSON of the spec of a sweep. Raises KeyError, TypeError or AttributeError."""
    experiment = str(data["experiment"])
    settings = {name: _value(words, data[name]) for name, words in _SETTINGS.items() if name in data}
    return {
        **data,
        **settings,
        "params": upgrade_params(experiment, data["params"]),
        "axes": [_axis(experiment, axis) for axis in data["axes"]],
    }


def upgrade_sweep_fact(experiment: str, fact: Json) -> Json:
    """Convert a line of a sweep's journal. Raises as `upgrade_sweep` does."""
    if is_current(fact):
        return fact
    found = dict(fact)
    for name in ("params", "lengths"):
        if name in fact:
            found[name] = upgrade_params(experiment, fact[name])
    if "axes" in fact:
        found["axes"] = [_axis(experiment, axis) for axis in fact["axes"]]
    if fact.get("verb") in _SETTINGS:
        found["count"] = _value(_SETTINGS[fact["verb"]], fact["count"])
    return found


def _words_of(experiment: str) -> Mapping[str, Words]:
    return _OF.get(current_experiment(experiment), {})


def _axis(experiment: str, axis: Mapping[str, Any]) -> Json:
    """An axis whose values change becomes a list of values without bounds."""
    old = axis["values"]
    new = None if old is None else [upgrade_value(experiment, axis["name"], given) for given in old]
    return {**axis, "values": new} if new == old else {**axis, "values": new, "low": None, "high": None}


def _value(words: Words, given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float) or given not in words:
        return given
    word = words[given]
    return word if word in _KEPT_AS_TEXT else None


def _text(words: Words, text: str) -> str:
    """`text` is one value, values separated by commas, or a range of whole numbers."""
    whole = _WHOLE_RANGE.fullmatch(text.strip()) if words else None
    if whole and int(whole[1]) in words:
        text = ",".join(map(str, range(int(whole[1]), int(whole[2]) + 1)))
    return ",".join(_word(words, part) for part in text.split(",")) if words else text


def _word(words: Words, text: str) -> str:
    try:
        return words.get(float(text), text)
    except ValueError:
        return text

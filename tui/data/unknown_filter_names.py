"""Names in a filter that no run has: nearly always typing errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from difflib import get_close_matches

from engine import filter_fields
from engine.catalog import experiments
from engine.protocol import RunSummary

ALWAYS = frozenset({*filter_fields.TEXTS, *filter_fields.NUMBERS, *filter_fields.ALIASES})
METRICS = frozenset(f"{split}{name}" for split in ("", "train_", "val_", "test_")
                    for name in ("loss", "accuracy", "perplexity"))  # fmt: skip
_COMPARED = re.compile(r"([A-Za-z_@][A-Za-z0-9_./@-]*)\s*(?:<=|>=|!=|==|=|<|>|!~|~)")
NEAR = 3
"""similar names at most"""


def unknown_name_warning(where: str, known: Iterable[RunSummary]) -> str:
    """A warning about the first name that is neither a parameter nor a metric of a known run; else empty."""
    found = unknown_name(_COMPARED.findall(where), known)
    return (
        f"no run here has {found[0]}" + (f"; {' or '.join(found[1])}?" if found[1] else "") if found else ""
    )


def unknown_name(compared: Iterable[str], known: Iterable[RunSummary]) -> tuple[str, list[str]] | None:
    """The first of these names that no experiment and no known run has, and similar names."""
    names = {*ALWAYS, *METRICS, *(field.name for one in experiments() for field in fields(one.params))}
    for run in known:
        names |= {*run.metrics, *run.spec.params, *run.live}
    for name in compared:
        bare = next((name.removeprefix(one) for one in filter_fields.SOURCES if name.startswith(one)), name)
        if bare not in names:
            return name, get_close_matches(bare, sorted(names), NEAR)
    return None

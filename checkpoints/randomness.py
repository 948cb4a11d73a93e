"""Random states outside the frameworks: Python's, NumPy's global one, and given generators."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np


def capture(generators: Mapping[str, np.random.Generator]) -> dict[str, Any]:
    """All states as plain data."""
    return {
        "python": random.getstate(),
        "numpy": _lists(np.random.get_state(legacy=False)),
        "generators": {name: _lists(one.bit_generator.state) for name, one in generators.items()},
    }


def restore(states: Mapping[str, Any], generators: Mapping[str, np.random.Generator]) -> None:
    """Set all states. `generators` must have the names that were captured."""
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    for name, generator in generators.items():
        generator.bit_generator.state = states["generators"][name]


def _lists(state: Any) -> Any:
    if isinstance(state, Mapping):
        return {key: _lists(item) for key, item in state.items()}
    return state.tolist() if hasattr(state, "tolist") else state

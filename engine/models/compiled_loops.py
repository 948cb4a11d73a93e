"""Modules of loops that Numba compiles: where they are kept, and a name of all that their bits depend on."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def prepare(module: str, folder: str, cache: Path, what: str, report: Callable[[str], object],
            *others: str) -> str:  # fmt: skip
    """Import `module`, whose loops are compiled when first called, and kept under `folder` in the cache.

    Returns a name of its source, that of the modules `others`, Numba and the processor. `report` gets a line
    about `what` will be compiled. Raises ImportError, OSError or RuntimeError where Numba cannot be used.
    """
    import llvmlite.binding
    import numba

    config: Any = numba.config
    version = fingerprint(module, *others)
    kept = Path(os.environ.get("NUMBA_CACHE_DIR") or cache / "numba") / f"{folder}-{version}"
    if not kept.is_dir():
        report(f"Compiling the loops of {what}.")
    before, config.CACHE_DIR = config.CACHE_DIR, str(kept)
    try:
        importlib.import_module(module)
    finally:
        config.CACHE_DIR = before
    processor = config.CPU_NAME or llvmlite.binding.get_host_cpu_name()
    return f"compiled {version}, numba {numba.__version__}, {processor}"


def fingerprint(*modules: str) -> str:
    """Of their source, which is not imported."""
    found = hashlib.sha256()
    for module in modules:
        spec = find_spec(module)
        assert spec is not None and spec.origin is not None, module
        found.update(Path(spec.origin).read_bytes())
    return found.hexdigest()[:8]

"""Build hook: a wheel has dltui_track.py at the top as well as alone in its folder, which goes on PYTHONPATH.

Hatch includes a file of the project once; a copy outside of it counts as another.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TrackModuleAtTheTop(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return  # dev-mode-dirs
        self._folder = tempfile.mkdtemp()
        source = Path(self.root) / "engine" / "track" / "dltui_track.py"
        build_data["force_include"][shutil.copy(source, self._folder)] = source.name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self._folder, ignore_errors=True)

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.service.health import gpu_frameworks as gpu
from engine.service.health.gpu_frameworks import Build


def test_a_framework_is_read_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tensorflow"
    (package / "python/platform").mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    (package / "python/platform/build_info.py").write_text("x = [('cuda_version', '12.5.1')]")
    (tmp_path / "tensorflow_io-9.9.dist-info").mkdir()
    (tmp_path / "tensorflow_cpu-2.21.0.dist-info").mkdir()
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert gpu.tensorflow_build() == Build("tensorflow", "2.21.0", "12.5.1")


def test_gpus_that_a_framework_sees_are_counted_in_a_child_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("class cuda:\n    device_count = staticmethod(lambda: 3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert gpu.count_visible_gpus("torch") == 3
    (tmp_path / "torch.py").write_text("raise OSError('broken')")
    assert gpu.count_visible_gpus("torch") is None

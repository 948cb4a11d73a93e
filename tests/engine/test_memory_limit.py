"""The memory that a control group allows, from files as the kernel writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import memory_limit

GIB = 1 << 30


def kernel(root: Path, membership: str, **files: str) -> tuple[Path, Path]:
    """Folders for /proc and /sys/fs/cgroup; `files` by path, with __ for a slash and ___ for a dot."""
    proc, cgroups = root / "proc", root / "cgroups"
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text(membership)
    for name, text in files.items():
        path = cgroups / name.replace("___", ".").replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return proc, cgroups


def test_the_lowest_limit_of_a_group_and_those_above_it_counts(tmp_path: Path) -> None:
    proc, cgroups = kernel(
        tmp_path, "0::/job/step\n", job__step__memory___max="max\n", job__memory___max=f"{8 * GIB}\n",
        job__memory___current=f"{7 * GIB}\n", job__memory___stat=f"anon 1\ninactive_file {GIB}\n",
    )  # fmt: skip
    found = memory_limit.find(64 * GIB, proc, cgroups)
    assert found is not None and found.bytes == 8 * GIB
    assert found.share_in_use() == 0.75, "cached files are given back"
    assert memory_limit.find(4 * GIB, proc, cgroups) is None, "the machine has less"


def test_the_files_of_the_first_version_are_read(tmp_path: Path) -> None:
    proc, cgroups = kernel(
        tmp_path, "5:cpu:/x\n4:memory:/job\n0::/\n", memory__job__memory___limit_in_bytes=f"{2 * GIB}\n",
        memory__job__memory___usage_in_bytes=f"{GIB}\n", memory__memory___limit_in_bytes=f"{2**63 - 4096}\n",
    )  # fmt: skip
    found = memory_limit.find(64 * GIB, proc, cgroups)
    assert found is not None and found.share_in_use() == 0.5


@pytest.mark.parametrize("membership", ["", "no colons\n", "0::/job\n"])
def test_without_a_limit_there_is_none(tmp_path: Path, membership: str) -> None:
    assert memory_limit.find(64 * GIB, *kernel(tmp_path, membership)) is None


def test_a_group_that_is_gone_is_not_known(tmp_path: Path) -> None:
    proc, cgroups = kernel(tmp_path, "0::/job\n", job__memory___max=f"{GIB}\n")
    found = memory_limit.find(64 * GIB, proc, cgroups)
    assert found is not None and found.share_in_use() is None

from __future__ import annotations

from pathlib import Path

from engine.keeper.oom_kills import OomKills, count, happened


def tree(place: Path, membership: str, files: dict[str, str]) -> tuple[Path, Path]:
    for name, text in {"proc/self/cgroup": membership, **files}.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place / "proc", place / "cg"


def test_kills_are_read_from_control_groups_of_version_two(tmp_path: Path) -> None:
    proc, groups = tree(
        tmp_path,
        "0::/user.slice/x\n",
        {
            "cg/user.slice/x/memory.events": "low 0\noom 4\noom_kill 3\n",
            "proc/vmstat": "pgfault 9\noom_kill 5\n",
        },
    )
    assert count(proc, groups) == OomKills(group=3, machine=5)


def test_kills_are_read_from_control_groups_of_version_one(tmp_path: Path) -> None:
    proc, groups = tree(
        tmp_path,
        "4:memory:/jobs/x:y\n0::/\n",
        {"cg/memory/jobs/x:y/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"},
    )
    assert count(proc, groups) == OomKills(group=2, machine=0)


def test_a_kernel_that_reports_nothing_gives_zeros(tmp_path: Path) -> None:
    assert count(tmp_path, tmp_path) == OomKills()


def test_only_a_higher_count_is_a_kill() -> None:
    assert not happened(OomKills(3, 5), OomKills(3, 5))
    assert happened(OomKills(3, 5), OomKills(3, 6))
    assert happened(OomKills(3, 5), OomKills(4, 5))

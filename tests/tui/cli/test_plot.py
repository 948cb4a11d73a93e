"""`dltui plot` shows every curve, its first and its last point, and says what has no place on the axis."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from engine.fold import CurvePoints, wall_clock
from tests.fakes.engine import make_run
from tui.cli import plot
from tui.cli.export import RunCurves
from tui.data.metric_pairs import MetricChart

NAN, INF = math.nan, math.inf
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def curve(*values: float, step: int = 1) -> CurvePoints:
    steps = list(range(step, step + len(values)))
    return CurvePoints(steps, [float(one) for one in steps], list(values))


def curves_of(**by_metric: CurvePoints) -> RunCurves:
    found = RunCurves(CurvePoints, wall_clock)
    found.by_metric |= by_metric
    return found


def drawn(
    capsys: pytest.CaptureFixture[str],
    *curves: CurvePoints,
    log: bool = False,
    size: tuple[int, int] = (80, 24),
) -> list[str]:
    """The lines of a plot of these curves."""
    found = [
        (make_run(number, name=f"run{number}"), curves_of(loss=one)) for number, one in enumerate(curves)
    ]
    plot._draw(found, MetricChart("loss"), log, *size)
    return capsys.readouterr().out.splitlines()


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "COLORTERM", "DLTUI_SYMBOLS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def test_without_colours_each_curve_has_its_letter(capsys: pytest.CaptureFixture[str]) -> None:
    lines = drawn(capsys, curve(*[1.0] * 200), curve(*[2.0] * 200))
    assert "A run0" in lines[0] and "B run1" in lines[0]
    assert not COLOUR.search("\n".join(lines))
    assert sum("A" in line for line in lines[1:]) == sum("B" in line for line in lines[1:]) == 1


def test_on_a_colour_terminal_each_curve_has_a_colour_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    lines = drawn(capsys, curve(*[1.0] * 200), curve(*[2.0] * 200))
    swatches = re.findall(r"(\x1b\[38;5;\d+m)━━", lines[0])
    assert len(set(swatches)) == 2
    for swatch in swatches:
        assert any(swatch in line for line in lines[1:])


def test_a_terminal_of_few_letters_gets_ascii(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_SYMBOLS", "ascii")
    assert "\n".join(drawn(capsys, curve(1.0, 2.0, 3.0), curve(3.0, NAN, 1.0))).isascii()


def test_the_first_and_the_last_step_are_drawn_and_labelled(capsys: pytest.CaptureFixture[str]) -> None:
    values = [0.5] * 60_000
    values[0], values[-1] = 2.0, 0.1
    lines = drawn(capsys, curve(*values))
    body = [line.partition("│")[2] or line.partition("┤")[2] for line in lines[1:-2]]
    assert any(line[:1].strip("┈ ") for line in body[:5]), "the peak at step 1"
    assert any(line[-2:].strip("┈ ") for line in body[-3:]), "the drop at step 60,000"
    assert lines[-1].split()[0] == "step" and lines[-1].split()[-1] in ("60000", "60k")


def test_gaps_are_gaps_and_what_is_missing_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    lines = drawn(capsys, curve(*[1.0] * 119, NAN, NAN, NAN, *[1.0] * 28, -INF))
    assert lines[-1] == "run0: 3 NaN, first at step 120; 1 infinite, first at step 151"
    assert any("∞" in line for line in lines)


def test_a_gap_as_wide_as_the_half_of_a_plot_is_left_open(capsys: pytest.CaptureFixture[str]) -> None:
    lines = drawn(capsys, curve(*[1.0] * 25, *[NAN] * 50, *[1.0] * 25))
    (line,) = [line for line in lines[1:-3] if "⠒" in line or "⠤" in line or "⠉" in line]
    assert re.search(r"[┈ ]{30,}", line.partition("┤")[2] or line.partition("│")[2])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        (NAN, INF), (0.5,), (0.0, -1.0), (1e-30, 2e-30), (1.6e308, 1.7e308), (5e-324, 1e-310), (1e-11, 1e100),
        (-1.7e308, 1.7e308), (NAN,), (0.0,), (1e-310,),
    ],
)  # fmt: skip
def test_odd_values_are_drawn_or_the_plot_says_why_not(
    capsys: pytest.CaptureFixture[str], values: tuple[float, ...], log: bool
) -> None:
    lines = drawn(capsys, curve(*values), log=log)
    dots = [sign for line in lines[1:] for sign in line if "⠀" < sign <= "⣿" or sign == "•"]
    said = "\n".join(lines)
    usable = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if usable:
        assert dots
    else:
        assert "no finite value" in said or "no positive value" in said


def test_runs_of_one_name_are_told_apart() -> None:
    runs = [make_run(1, name="same"), make_run(2, name="same"), make_run(3, name="other"), make_run(4)]
    found = plot.unique_labels(runs)
    assert found[2:] == ["other", runs[3].id]
    assert found[0] != found[1] and all(label.startswith("same ") for label in found[:2])


def test_the_metric_is_the_first_that_all_have() -> None:
    assert plot._shared_metric([_with("a", "b"), _with("b", "c")]) == "b"
    assert plot._shared_metric([_with("a"), _with("c")]) == "a"


def _with(*names: str) -> plot.RunCurves:
    curves = plot.RunCurves(CurvePoints, wall_clock)
    curves.by_metric |= {name: curve(1.0) for name in names}
    return curves


def test_a_run_with_a_metric_less_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [(make_run(1, name="has"), _with("val_loss")), (make_run(2, name="lacks"), _with("loss"))]
    monkeypatch.setattr(plot, "call_engine", lambda question: told)
    plot.plot(["has", "lacks"], metric="val_loss", log=False, width=60, height=10, json=False)
    captured = capsys.readouterr()
    assert captured.err == "lacks has no val_loss.\n"
    assert len(captured.out.splitlines()) == 10


def test_the_metric_of_validation_is_drawn_beside_that_of_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [curves_of(loss=curve(1.0, 0.5), val_loss=curve(2.0, 1.5))]
    chart = plot._chart_of("", found, paired=True)
    assert chart.names == ("loss", "val_loss")
    assert plot._chart_of("loss", found, paired=False).names == ("loss",)
    assert plot._chart_of("val_loss", found, paired=True).names == ("val_loss",)
    plot._draw([(make_run(1, name="one"), found[0])], chart, False, 80, 24)
    head = capsys.readouterr().out.splitlines()[0]
    assert head.startswith("loss + val_loss") and "0.5" in head and "val 1.5" in head


def test_a_picture_is_written_in_both_formats_and_replaced(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = [(make_run(1, name="one"), curves_of(loss=curve(1.0, NAN, 0.5)))]
    paths = [tmp_path / "a.svg", tmp_path / "a.png"]
    for _ in range(2):
        plot._write(found, MetricChart("loss"), False, (60, 12), True, paths)
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(path) for path in paths] * 2 and "1 NaN" in said.err
    assert paths[0].read_text().startswith("<svg ") and paths[1].read_bytes().startswith(b"\x89PNG")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "a.svg"]


def test_a_picture_that_cannot_be_written_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = [(make_run(1, name="one"), curves_of(loss=curve(1.0, 0.5)))]
    with pytest.raises(SystemExit) as ended:
        plot._write(found, MetricChart("loss"), False, (60, 12), True, [tmp_path / "none" / "a.svg"])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "cannot be written: No such file or directory" in said
    assert said.count("\n") == 1
    with pytest.raises(SystemExit):
        plot._check_picture(Path("a.jpg"), ".png")
    assert "expected a name that ends with .png" in capsys.readouterr().err


def test_what_was_not_measured_of_the_machine_is_a_gap_without_a_note(
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = [
        (make_run(1, name="run"), curves_of(**{"system/gpu.0.gpu": curve(*[30.0] * 50, NAN, *[60.0] * 50)}))
    ]
    plot._draw(runs, MetricChart("system/gpu.0.gpu"), False, 80, 24)
    told = capsys.readouterr().out
    assert "system/gpu.0.gpu" in told and "NaN" not in told and "!" not in told

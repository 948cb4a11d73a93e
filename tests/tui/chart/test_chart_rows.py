"""A chart of any size and any data fills its rectangle."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.chart.chart_rows import ChartMark, CurveSeries, KeptCurves, Scene, picture, plot_area
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.chart.plot_area import RINGS, Symbols
from tui.ui.span import row_text, row_width

HOSTILE = [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-30, 1e30, 5e-324, 1.7e308, -1.7e308]
SQUARES = "⠛⠿⣶⣤"
"""a point at the first to the last row of dots of its cell"""
UNIT_RANGE = ChartView("loss", y_ranges={"loss": (0.0, 1.0)})
VALUES = st.lists(st.floats(width=32) | st.sampled_from(HOSTILE), max_size=60)


def run(key: str, values: list[float], hue: int = 0) -> CurveSeries:
    series = CurveSeries(key, key, ChartCurve(), hue)
    if values:
        series.curve.extend(range(1, len(values) + 1), values, [100.0 + 0.5 * i for i in range(len(values))])
    return series


def text_of(scene: Scene, width: int = 80, height: int = 24) -> list[str]:
    return [row_text(row) for row in picture(scene, width, height)]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(VALUES, max_size=4),
    st.integers(1, 200),
    st.integers(1, 60),
    st.booleans(),
    st.sampled_from(["step", "time"]),
    st.sampled_from([0.0, 0.9, 0.999]),
    st.none() | st.floats(-10, 100),
    st.booleans(),
    st.sampled_from(["braille", "block", "ascii"]),
)
def test_whatever_the_data_the_picture_fills_its_rectangle(
    data: list[list[float]],
    width: int,
    height: int,
    log: bool,
    axis: str,
    smoothing: float,
    crosshair: float | None,
    live: bool,
    symbols: Symbols,
) -> None:
    view = ChartView.from_json({"log": log, "axis": axis, "smoothing": smoothing, "crosshair": crosshair})
    series = tuple(run(f"run {index}", values, index) for index, values in enumerate(data))
    marks = (ChartMark(3, "checkpoint"), ChartMark(9, "set", "lr 0.1 → 0.01"), ChartMark(1e9, "pause"))
    scene = Scene(view, series, None, marks, live=live, symbols=symbols, letters=live)
    rows = picture(scene, width, height)
    assert [row_width(row) for row in rows] == [width] * height


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, 1e-30, 1e30])
def test_one_point_and_equal_values_are_seen(size: tuple[int, int], value: float) -> None:
    for values in ([value], [value] * 5):
        text = "".join(text_of(Scene(series=(run("a", values),)), *size))
        assert any(0x2800 < ord(sign) < 0x2900 for sign in text)


def test_the_points_of_a_curve_of_few_are_marked_where_they_were_logged() -> None:
    few, many = run("few", [0.1, 0.5, 0.3]), run("many", [step / 200 for step in range(200)], 1)
    assert sum(map("".join(text_of(Scene(series=(few,)))).count, SQUARES)) == 3
    assert not any(map("".join(text_of(Scene(series=(many,)))).count, SQUARES))


def test_the_point_of_a_value_lies_at_its_row_of_dots_not_in_the_middle_of_its_cell() -> None:
    levels = []
    for value in (0.50, 0.53, 0.56, 0.59, 0.62, 0.65):
        lines = text_of(Scene(UNIT_RANGE, (run("few", [value] * 3),)), 60, 14)[1:-2]
        levels += [
            row * 4 + SQUARES.index(sign)
            for row, line in enumerate(lines)
            for sign in line[30:45]
            if sign in SQUARES
        ]
    assert len(levels) == 6 and levels == sorted(levels, reverse=True)
    assert len(set(levels)) >= 5  # a cell holds about 0.09: its middle alone would tell three of them apart


def test_a_ring_of_validation_lies_in_the_upper_middle_or_lower_part_of_its_cell() -> None:
    values = [0.5 + 0.02 * step for step in range(8)]
    series = (run("few", [0.0, 1.0] * 4), replace(run("few", values), part="val"))
    plot = "".join(text_of(Scene(UNIT_RANGE, series), 90, 14)[1:-2])
    assert all(ring in plot for ring in RINGS)


def test_without_colours_single_points_carry_the_letters_of_their_curves() -> None:
    series = tuple(run(f"r{index}", [float(index)], index) for index in range(3))
    plot = "".join(text_of(Scene(series=series, letters=True))[1:-2])
    assert all(letter in plot for letter in "ABC") and not any(map(plot.count, SQUARES))


def test_a_chart_without_points_says_so() -> None:
    assert "no points yet" in "\n".join(text_of(Scene()))
    assert "no points yet" in "\n".join(text_of(Scene(series=(run("a", []),)), 20, 5))


def test_a_message_longer_than_a_line_is_wrapped() -> None:
    words = "starting: loading framework and data"
    lines = text_of(Scene(series=(run("a", []),), empty=words), 30, 8)
    assert " ".join("\n".join(lines[1:]).split()) == words


def test_a_chart_of_nothing_but_nan_says_so() -> None:
    assert "no finite value" in "\n".join(text_of(Scene(series=(run("a", [math.nan] * 9),))))


def test_a_log_axis_without_a_positive_value_says_so() -> None:
    scene = Scene(ChartView(log=True), (run("a", [-1.0, 0.0]),))
    assert "no positive value for the log axis" in "\n".join(text_of(scene))


def test_a_place_too_small_says_what_it_needs() -> None:
    assert "20x5" in "".join(text_of(Scene(), 19, 5))


def test_the_legend_names_every_curve_with_its_last_value() -> None:
    scene = Scene(ChartView("val/loss"), (run("first", [1.0, 0.25]), run("second", [2.0, math.nan], 1)))
    head = text_of(scene)[0]
    assert head.startswith("val/loss")
    assert "first 0.25" in head and "second nan" in head


def test_curves_that_do_not_fit_in_the_legend_are_counted() -> None:
    series = tuple(run(f"a rather long name {index}", [1.0], index) for index in range(30))
    assert "more" in "\n".join(text_of(Scene(series=series), 80, 24)[:4])


def test_the_count_of_curves_without_room_names_the_key_that_lists_them() -> None:
    series = tuple(run(f"a rather long name {index}", [1.0], index) for index in range(30))
    for width, height in ((80, 24), (60, 6), (120, 40)):
        head = text_of(Scene(series=series, legend_key="i"), width, height)[:8]
        assert any(re.search(r"\+\d+ more \(i\)", line) for line in head)


def test_of_many_noisy_curves_the_selected_one_stands_out() -> None:
    series = tuple(run(f"r{index}", [1.0 + index, 9.0 - index] * 30, index % 8) for index in range(13))
    plot = picture(Scene(series=series, selected="r3"), 80, 24)[4:-2]
    styles = {span.style_name for row in plot for span in row}
    assert {name for name in styles if name.startswith("series-")} == {"series-3"}
    assert any(name.startswith("faint-") for name in styles)
    few = picture(Scene(series=series[:8], selected="r3"), 80, 24)[4:-2]
    assert not any(span.style_name.startswith("faint-") for row in few for span in row)


def test_of_many_smoothed_curves_all_lines_are_bright_and_one_has_its_raw_values() -> None:
    series = tuple(run(f"r{index}", [1.0 + index, 9.0 - index] * 200, index % 8) for index in range(13))
    rows = picture(Scene(ChartView(smoothing=0.9), series, "r3"), 80, 24)[4:-2]
    styles = {span.style_name for row in rows for span in row}
    assert {name for name in styles if name.startswith("faint-")} == {"faint-3"}


def test_the_selected_curve_comes_first_in_the_legend_and_is_painted_last() -> None:
    scene = Scene(series=(run("one", [1.0, 1.0], 0), run("two", [1.0, 1.0], 1)), selected="one")
    assert text_of(scene)[0].index("one") < text_of(scene)[0].index("two")
    styles = {span.style_name for row in picture(scene, 80, 24)[1:] for span in row}
    assert "series-0" in styles and "series-1" not in styles


def test_the_crosshair_shows_every_value_at_its_step_and_what_happened_there() -> None:
    series = (run("one", [0.1 * i for i in range(1, 101)]), run("two", [5.0] * 50, 1))
    scene = Scene(ChartView(crosshair=60), series, marks=(ChartMark(60, "set", "lr 0.1 → 0.01"),))
    head = "\n".join(text_of(scene)[:3])
    assert "step 60 · lr 0.1 → 0.01" in head
    assert "one 6" in head and "two ends at 50" in head


def test_a_curve_that_has_no_value_at_the_crosshair_says_where_it_begins_or_ends() -> None:
    late = CurveSeries("late", "late", ChartCurve())
    late.curve.extend([80, 90], [1.0, 2.0], [8.0, 9.0])
    series = (run("one", [1.0] * 100), late, CurveSeries("none", "none", ChartCurve()))
    head = "\n".join(text_of(Scene(ChartView(crosshair=60), series))[:3])
    assert "late starts at 80" in head and "none no points" in head


def test_marks_stand_on_the_axis_under_their_step() -> None:
    series = (run("one", [float(i) for i in range(1, 102)]),)
    scene = Scene(
        series=series, marks=(ChartMark(1, "checkpoint"), ChartMark(51, "set"), ChartMark(101, "pause"))
    )
    floor = text_of(scene, 81, 24)[-2]
    area = plot_area(scene, 81, 24)
    assert area is not None
    signs = {sign: floor.index(sign) - area[0] for sign in "◆▲‖"}
    assert signs == {"◆": 0, "▲": pytest.approx(area[1] / 2, abs=1), "‖": area[1] - 1}


def test_an_infinity_is_marked_where_the_line_has_a_gap() -> None:
    scene = Scene(series=(run("one", [1.0, 2.0, math.inf, 2.0, 1.0]),))
    assert "∞" in text_of(scene)[1]


def test_without_colours_lines_carry_letters_and_in_ascii_consist_of_them() -> None:
    series = (run("one", [1.0] * 99), run("two", [2.0] * 99, 1))
    lettered = text_of(Scene(series=series, letters=True))
    assert "A one" in lettered[0] and "B two" in lettered[0]
    assert any("A" in row for row in lettered[1:]) and any("B" in row for row in lettered[1:])
    ascii_rows = text_of(Scene(series=series, symbols="ascii"))
    assert any("AAAA" in row for row in ascii_rows) and any("BBBB" in row for row in ascii_rows)
    assert "".join(ascii_rows).isascii()


def test_names_from_outside_cannot_reach_the_terminal() -> None:
    series = run("x", [1.0])
    series = replace(series, label="\x1b[2J\u202eevil")
    text = "".join(text_of(Scene(ChartView("\x1b]0;x\x07"), (series,))))
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text


def test_a_live_chart_keeps_room_so_that_most_new_points_move_nothing() -> None:
    series = run("one", [1.0] * 1000)
    scene = Scene(series=(series,), live=True)
    ranges = set()
    for step in range(1001, 1201):
        series.curve.extend([step], [1.0])
        ranges.add(scene.visible_range())
    assert len(ranges) <= 4
    assert all(visible is not None and visible[1] >= 1000 for visible in ranges)


def test_a_followed_zoom_slides_in_jumps_and_a_held_one_stays() -> None:
    series = run("one", [1.0] * 1000)
    for follow, expected in ((True, (150.0 + 812.5, 250.0 + 812.5)), (False, (150.0, 250.0))):
        scene = Scene(ChartView(x=(150, 250), follow=follow), (series,), live=True)
        visible = scene.visible_range()
        assert visible is not None
        assert visible[1] - visible[0] == 100
        assert (visible[1] >= 1000) == follow
        assert follow or visible == expected


def test_a_header_of_one_row_says_how_many_curves_it_leaves_out() -> None:
    series = tuple(run(f"{units} units and a bypass", [0.5, 0.25], units) for units in range(1, 6))
    head = text_of(Scene(series=series), 60, 6)[0]
    shown = [one for one in series if one.label in head]
    assert 0 < len(shown) < 5 and f"+{5 - len(shown)} more" in head


def test_a_header_of_one_row_leaves_values_out_before_curves() -> None:
    series = tuple(
        run(name, [0.123456], hue) for hue, name in enumerate(("4 units", "2 units", "1 + bypass"))
    )
    head = text_of(Scene(ChartView("loss"), series), 52, 6)[0]
    assert all(one.label in head for one in series) and "more" not in head


def test_a_legend_of_two_rows_leaves_values_out_before_curves() -> None:
    series = tuple(run(f"1 layer forward, {word}", [1.0]) for word in ("training", "validation", "test"))
    head = text_of(Scene(series=series), 90, 10)[1]
    assert all(one.label in head for one in series) and "more" not in head
    assert "+1 more" in text_of(Scene(ChartView(crosshair=1), series), 90, 10)[1]


def test_the_baseline_comes_first_and_the_others_say_how_far_they_are_from_it() -> None:
    series = (run("new", [0.5, 0.75], 0), run("old", [0.5, 0.5], 1), run("bad", [0.5, 0.25], 2))
    head = "\n".join(text_of(Scene(series=series, selected="new", baseline="old"), 100, 24)[:2])
    assert head.index("old") < head.index("new") < head.index("bad")
    assert "◇╍ old 0.5     baseline" in head and "new 0.75    +0.25" in head and "bad 0.25    -0.25" in head


def share_of_dots(scene: Scene) -> float:
    """Of the cells of the first row with a curve, the share with dots."""
    line = next(row for row in text_of(scene)[1:] if any(0x2800 < ord(sign) < 0x2900 for sign in row))
    dots = [0x2800 < ord(sign) < 0x2900 for sign in line[7:79]]
    return sum(dots) / len(dots)


def test_a_baseline_and_the_ninth_curve_are_dashed() -> None:
    whole, other = run("one", [1.0] * 500), run("other", [0.0] * 500)
    ninth = replace(whole, hue=8)
    assert 0.4 < share_of_dots(Scene(series=(whole,), baseline="one")) < 0.95
    assert 0.4 < share_of_dots(Scene(series=(ninth, other), selected="other")) < 0.95


def test_the_selected_curve_has_no_gaps_but_as_the_baseline_and_its_sign_in_the_legend_is_solid() -> None:
    ninth, other = run("one", [1.0] * 500, 8), run("other", [0.0] * 500, 1)
    selected = Scene(series=(ninth, other), selected="one")
    assert share_of_dots(selected) == 1
    assert "━━ one" in text_of(selected)[0] and "╍╍ one" in text_of(replace(selected, selected="other"))[0]
    assert share_of_dots(replace(selected, baseline="one")) < 0.95


def test_without_colours_every_one_of_thirty_curves_has_a_letter_of_its_own() -> None:
    series = tuple(run(f"run {index}", [1.0], index) for index in range(30))
    scene = Scene(series=series, letters=True)
    assert len({scene.letter(one) for one in series}) == 30


def test_guide_lines_stand_only_near_the_crosshair() -> None:
    series, marks = (
        (run("one", [float(i) for i in range(1, 102)]),),
        (ChartMark(11, "checkpoint"), ChartMark(90, "set")),
    )
    assert "┊" not in "".join(text_of(Scene(series=series, marks=marks)))
    near = text_of(Scene(ChartView(crosshair=90), series, marks=marks))
    far = text_of(Scene(ChartView(crosshair=50), series, marks=marks))
    assert "┊" not in "".join(far) and any("◆" in row for row in far)
    assert all(row.count("┊") <= 1 for row in near)


@pytest.mark.parametrize(("axis", "unit", "name"), [("step", "step", "step"), ("step", "epoch", "epoch"),
                                                   ("time", "epoch", "time")])  # fmt: skip
def test_the_x_axis_says_what_it_counts_at_every_size(axis: str, unit: str, name: str) -> None:
    series = (run("one", [0.000123 * i for i in range(1, 3000)]),)
    for size in ((20, 5), (80, 24), (120, 40)):
        scene = Scene(ChartView.from_json({"axis": axis, "x": [1200, 2800]}), series, unit=unit)
        assert text_of(scene, *size)[-1].startswith(f"{name} ")


def pair(key: str, training: list[float], validation: list[float], hue: int = 0) -> list[CurveSeries]:
    return [run(key, training, hue), replace(run(key, validation, hue), part="val")]


def test_training_and_validation_of_a_run_differ_without_colours() -> None:
    series = tuple(pair("one", [1.0 - i / 200 for i in range(100)], [2.0 - i / 200 for i in range(100)]))
    lines = text_of(Scene(ChartView("loss"), series, title="loss + val_loss"))
    assert "loss + val_loss" in lines[0] and "━━ one 0.505" in lines[0] and "┈○ val 1.505" in lines[0]
    assert any(map("".join(lines[1:-2]).count, RINGS))


def test_few_points_of_validation_have_signs_of_their_own() -> None:
    series = tuple(pair("one", [0.1, 0.2], [0.3, 0.4, 0.5]))
    plot = "".join(text_of(Scene(series=series))[1:-2])
    assert (sum(map(plot.count, SQUARES)), sum(map(plot.count, RINGS))) == (2, 3)


def test_without_colours_validation_has_the_small_letter_of_its_run() -> None:
    series = (*pair("one", [1.0] * 100, [2.0] * 100), *pair("two", [3.0] * 100, [4.0] * 100, 1))
    for symbols in ("braille", "ascii"):
        plot = "".join(text_of(Scene(series=series, letters=True, symbols=symbols))[2:-2])
        assert all(letter in plot for letter in "ABab") and "C" not in plot


def test_the_crosshair_tells_both_values_and_their_differences_to_the_baseline() -> None:
    series = (*pair("one", [1.0] * 9, [2.0] * 9), *pair("two", [1.5] * 9, [2.25] * 9, 1))
    head = " ".join(text_of(Scene(ChartView(crosshair=5), series, baseline="one"), 120, 30)[:4])
    assert re.search(r"two 1\.5 +\+0\.5 +┈○ val 2\.25 +\+0\.25", head)


def test_the_curves_of_a_run_count_once_among_many() -> None:
    series = tuple(one for index in range(6) for one in pair(f"r{index}", [1.0] * 60, [2.0] * 60, index))
    styles = {span.style_name for row in picture(Scene(series=series), 80, 24) for span in row}
    assert not any(name.startswith("faint-") for name in styles)


def test_the_selected_curve_is_the_main_one_else_the_first() -> None:
    one, two = run("a", [1.0]), run("b", [1.0])
    assert Scene(series=(one, two), selected="b").main is two
    assert Scene(series=(one, two), selected="gone").main is one
    assert Scene().main is None


def test_values_that_are_no_number_are_marked_on_the_axis_where_they_happened() -> None:
    values = [1.0 + i / 100 for i in range(100)]
    values[50] = math.nan
    for symbols, sign in (("braille", "×"), ("ascii", "x")):
        lines = text_of(Scene(series=(run("a", values),), symbols=symbols))  # type: ignore[arg-type]
        axis = lines[-2]
        assert axis.count(sign) == 1 and f"{sign} NaN" in lines[0]
        assert abs(axis.index(sign) - (axis.index("└" if symbols == "braille" else "+") + 37)) <= 2


def test_a_rewound_curve_has_no_marks_of_what_it_lost() -> None:
    one = run("a", [1.0, 2.0, math.nan, math.inf])
    one.curve.extend([3, 4], [1.5, 1.25], [200.0, 201.0])
    text = "".join(text_of(Scene(series=(one,))))
    assert "×" not in text and "∞" not in text


def test_a_small_chart_has_its_title_and_the_value_of_the_selected_run_above_the_plot() -> None:
    scene = Scene(ChartView("grad/norm", crosshair=2), (run("a", [1.0, 0.5]), run("b", [2.0, 1.5], 1)), "b")
    lines = text_of(replace(scene, small=True, chosen=True), 32, 9)
    assert re.fullmatch(r"›grad/norm +1\.5 ", lines[0]) and len(lines) == 9


def test_a_small_chart_without_positive_values_stays_linear_beside_others_on_a_log_axis() -> None:
    scene = Scene(ChartView("x", log=True), (run("a", [-1.0, -2.0]),), small=True)
    assert "no positive" not in "".join(text_of(scene, 32, 9))


def test_a_moved_crosshair_on_kept_curves_is_the_same_picture() -> None:
    kept = KeptCurves()
    scene = Scene(
        ChartView("loss"), (run("a", [1.0 + i % 7 for i in range(90)]), run("b", [2.0] * 50, 1)), "a"
    )
    for crosshair in (None, 3.0, 40.0, 80.0):
        moved = replace(scene, view=replace(scene.view, crosshair=crosshair))
        assert picture(moved, 70, 20, kept) == picture(moved, 70, 20)
    scene.series[0].curve.extend([91], [30.0], [200.0])
    assert picture(scene, 70, 20, kept) == picture(scene, 70, 20)


def test_values_beyond_a_range_set_by_hand_have_signs_at_the_edge() -> None:
    values = [0.5] * 60
    values[30], values[45] = 100.0, -100.0
    view = ChartView("loss").with_y_range((0.0, 1.0))
    for symbols, signs in (("braille", "▲▼"), ("ascii", "^v")):
        lines = text_of(Scene(view, (run("a", values),), symbols=symbols))  # type: ignore[arg-type]
        assert "y 0 to 1" in lines[0] and lines[1].count(signs[0]) == 1 and lines[-3].count(signs[1]) == 1
    assert "▲" not in "".join(text_of(Scene(ChartView("loss"), (run("a", values),))))


def test_ignored_outliers_are_marked_at_the_edge() -> None:
    values = [0.5 + i % 5 / 10 for i in range(100)]
    values[50] = 1e6
    lines = text_of(Scene(ChartView("loss", trimmed=True), (run("a", values),)))
    assert "outliers ignored" in lines[0] and lines[1].count("▲") == 1


def test_at_the_crosshair_the_highest_curve_is_the_first_of_the_legend() -> None:
    series = (run("low", [1.0] * 9), run("high", [3.0] * 9, 1), run("short", [2.0], 2))
    head = " ".join(text_of(Scene(ChartView(crosshair=5), series, "low", baseline="short"), 120, 30)[:3])
    assert head.index("high") < head.index("low") < head.index("short")

"""The ten drawings of aids: every aid of the course is drawn, at every size and with any terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.aids import catalog, drawings
from tui.drawings.aid_drawing import MODULES, drawn
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.heat import ColourMode
from tui.drawings.named_bars import thinned
from tui.drawings.points_and_lines import line_ends
from tui.drawings.xy_curves import axis_scale

QUICK = [one.name for one in catalog.AIDS if one.name not in ("failure_map", "dead_units")]


def text(data: dict[str, Any], width: int = 60, height: int = 16, mode: ColourMode = "shade") -> str:
    sent = json.loads(json.dumps(data))
    canvas = drawn(sent, width, height, ImageCanvas(1, 1, mode))
    return "\n".join("".join(patch.text for patch in line) for line in canvas.lines())


def test_every_drawing_of_the_engine_has_a_file() -> None:
    assert set(MODULES) == set(drawings.DRAWINGS)


@pytest.mark.parametrize("name", QUICK)
def test_an_aid_is_drawn_at_every_size_and_in_ascii(name: str) -> None:
    data = catalog.compute(name, {}, 0).data
    for width, height in ((88, 40), (50, 12), (20, 5), (6, 2)):
        for mode in ("colour", "shade", "ascii"):
            assert len(text(data, width, height, mode).split("\n")) == height  # type: ignore[arg-type]
    assert text(data).strip()
    if catalog.entry(name).drawing in ("curves", "plane", "field", "bars"):
        drawn_signs = {sign for sign in text(data, mode="ascii") if ord(sign) >= 0x2500}
        assert not drawn_signs


def test_bars_that_span_powers_of_ten_are_drawn_by_them() -> None:
    rows = text(drawings.bars([("a", 1e-9), ("b", 1e-3), ("c", 1.0)], log=True), height=8).split("\n")
    lengths = [row.count("█") for row in rows if row.strip()[:1] in ("a", "b", "c")]
    assert lengths[0] > 0 and lengths[2] > lengths[1] > 2 * lengths[0]


def test_a_grid_has_its_numbers_where_they_fit() -> None:
    data = drawings.heat(["r"], ["x", "y"], [[0.3302, None]])
    assert "0.3302" in text(data) and "·" in text(data)


def test_values_that_are_alike_are_not_stretched_over_all_colours() -> None:
    shown = text(drawings.heat([""], [""] * 20, [[0.4774 + 1e-5 * (place % 2) for place in range(20)]]), 42)
    assert set(shown.split("\n")[0].strip()) == {"█"}


def test_a_wrong_corner_is_marked_by_a_sign() -> None:
    data = catalog.compute("gate_lab", {"puzzle": "AND"}, 0).data
    assert text(data).count("!") == 1
    right = catalog.compute("gate_lab", {"puzzle": "AND", "w1": 1, "w2": 1, "b": -1.5}, 0).data
    assert "!" not in text(right)


def test_the_ends_of_a_line_are_on_it_and_on_the_edge() -> None:
    ends = line_ends(1.0, 1.0, -1.5, -0.5, 1.5)
    assert len(ends) == 2 and all(abs(x + y - 1.5) < 1e-9 for x, y in ends)
    assert all(-0.5 in end or 1.5 in end for end in ends)
    assert line_ends(0.0, 1.0, 5.0, -0.5, 1.5) == []


def test_curves_name_their_ends_and_marks() -> None:
    data = drawings.curves("z", "out", [("f", [0, 1], [0, 4]), ("g", [0, 1], [4, 0])], [("here", 0.5, 2.0)])
    shown = text(data)
    assert "f" in shown and "here 0.5: 2" in shown and "z across" in shown
    assert axis_scale([1, 100], True).share(10) == pytest.approx(0.5, abs=0.01)


def test_long_lists_of_bars_keep_the_first_and_the_last() -> None:
    bars: list[tuple[str, float | None]] = [(str(at), 1.0) for at in range(50)]
    kept = thinned(bars, 11)
    assert len(kept) == 11 and (kept[0][0], kept[-1][0]) == ("0", "49")


def test_data_of_no_known_drawing_leave_the_canvas_empty() -> None:
    assert not text({"drawing": "hologram"}).strip()
    assert not text({}).strip()

"""Pictures of charts in files: SVG as text, PNG with Pillow. Neither needs a screen."""

from __future__ import annotations

import os
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from tui.chart.chart_shapes import CELL, ChartPicture, DiskShape, LineShape, TextShape

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

FAMILY = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
TEXT_SIZE = 15.5
BASELINE = 14.5
"""of a text below the top of its cell"""
SCALE = 2
"""pixels of a PNG for a unit of the picture"""
SMOOTH = 2
"""it is drawn so many times larger, then made smaller, which smooths edges"""
FONTS = ("DejaVuSansMono{}.ttf", "LiberationMono{}-Regular.ttf", "Menlo.ttc", "consola.ttf")


def write_picture(path: Path, picture: ChartPicture, title: str) -> None:
    """Replace the file by the picture, of the format that its name ends with. Raises InputError."""
    data = to_png(picture) if path.suffix.lower() == ".png" else to_svg(picture, title).encode()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error


def to_svg(picture: ChartPicture, title: str) -> str:
    """Text stays text, in its cells whatever the font is; dots of one colour are one path."""
    width, height = _number(picture.width), _number(picture.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>{_escaped(title)}</title>",
        f'<rect width="100%" height="100%" fill="{picture.colours.ground}"/>',
    ]
    dots: dict[str, list[str]] = {}
    strokes: dict[tuple[str, float], list[str]] = {}
    texts: list[str] = []
    for shape in picture.shapes:
        if isinstance(shape, TextShape):
            texts.append(_svg_text(shape))
        elif isinstance(shape, LineShape):
            points = f"M{_number(shape.x1)} {_number(shape.y1)}L{_number(shape.x2)} {_number(shape.y2)}"
            strokes.setdefault((shape.colour, shape.width), []).append(points)
        elif shape.is_open:
            texts.append(
                f'<circle cx="{_number(shape.x)}" cy="{_number(shape.y)}" r="{_number(shape.radius)}" '
                f'fill="{picture.colours.ground}" stroke="{shape.colour}" stroke-width="1.5"/>'
            )
        else:
            dots.setdefault(shape.colour, []).append(_svg_disk(shape))
    lines += [
        f'<path d="{"".join(parts)}" stroke="{colour}" stroke-width="{_number(size)}" fill="none"/>'
        for (colour, size), parts in strokes.items()
    ]
    lines += [f'<path d="{"".join(parts)}" fill="{colour}"/>' for colour, parts in dots.items()]
    lines.append(f'<g font-family="{FAMILY}" font-size="{TEXT_SIZE}">')
    return "\n".join([*lines, *texts, "</g>", "</svg>", ""])


def _svg_disk(shape: DiskShape) -> str:
    radius = _number(shape.radius)
    turn = f"a{radius} {radius} 0 1 0"
    side = _number(2 * shape.radius)
    return f"M{_number(shape.x - shape.radius)} {_number(shape.y)}{turn} {side} 0{turn} -{side} 0"


def _svg_text(shape: TextShape) -> str:
    weight = ' font-weight="bold"' if shape.is_bold else ""
    return (
        f'<text x="{_number(shape.x)}" y="{_number(shape.y + BASELINE)}" '
        f'textLength="{_number(shape.cells * CELL[0])}" lengthAdjust="spacingAndGlyphs" '
        f'xml:space="preserve" fill="{shape.colour}"{weight}>{_escaped(shape.text)}</text>'
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    """XML has no control characters."""
    return escape("".join(sign if sign.isprintable() else "?" for sign in text))


def to_png(picture: ChartPicture) -> bytes:
    from PIL import Image, ImageDraw  # for this format alone

    factor = SCALE * SMOOTH
    size = round(picture.width * factor), round(picture.height * factor)
    image = Image.new("RGB", size, picture.colours.ground)
    draw = ImageDraw.Draw(image)
    fonts = {is_bold: _font(is_bold, TEXT_SIZE * factor) for is_bold in (False, True)}
    for shape in picture.shapes:
        if isinstance(shape, LineShape):
            _draw_line(draw, shape, factor)
        elif isinstance(shape, DiskShape):
            _draw_disk(draw, shape, factor, picture.colours.ground)
        else:
            _draw_text(draw, shape, factor, fonts[shape.is_bold])
    small = image.resize((size[0] // SMOOTH, size[1] // SMOOTH), Image.Resampling.BOX)
    written = BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw_line(draw: ImageDraw, shape: LineShape, factor: int) -> None:
    half = shape.width / 2
    x, y = (0.0, half) if shape.y1 == shape.y2 else (half, 0.0)
    corners = (shape.x1 - x, shape.y1 - y, shape.x2 + x, shape.y2 + y)
    left, top, right, bottom = (value * factor for value in corners)
    draw.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), fill=shape.colour)


def _draw_disk(draw: ImageDraw, shape: DiskShape, factor: int, ground: str) -> None:
    x, y, radius = shape.x * factor, shape.y * factor, shape.radius * factor
    box = (x - radius, y - radius, x + radius, y + radius)
    if shape.is_open:
        draw.ellipse(box, fill=ground, outline=shape.colour, width=round(1.5 * factor))
    else:
        draw.ellipse(box, fill=shape.colour)


def _draw_text(draw: ImageDraw, shape: TextShape, factor: int, font: Any) -> None:
    """Each character in the middle of its cells: the font that is there may not be of one width."""
    from tui.ui.span import Span, cells

    x = shape.x
    found = cells((Span(shape.text, "text"),))
    for index, (sign, _) in enumerate(found):
        if sign.strip():
            is_wide = index + 1 < len(found) and not found[index + 1][0]
            middle = x + (CELL[0] if is_wide else CELL[0] / 2)
            place = middle * factor, (shape.y + BASELINE) * factor
            draw.text(place, sign, fill=shape.colour, font=font, anchor="ms")
        x += CELL[0]


def _font(is_bold: bool, size: float) -> Any:
    """A font of one width where the system has one, else that of Pillow."""
    from PIL import ImageFont

    for name in FONTS:
        try:
            return ImageFont.truetype(name.format("-Bold" if is_bold else ""), size)
        except OSError:
            continue  # not there
    return ImageFont.load_default(size)

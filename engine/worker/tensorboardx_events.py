"""TensorBoard events, built with tensorboardX. Imported lazily by `TensorBoardFiles`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tensorboardX import summary
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData, SessionStartInfo
from tensorboardX.proto.summary_pb2 import Summary, SummaryMetadata

from engine.worker import png

MOST = 3.4028234663852886e38
LEAST = 1.401298464324817e-45
"""largest and smallest positive float32; values beyond are clipped to them, to stay finite and not 0"""
LAST_STEP = 2**63 - 1


def version(wall_time: float) -> Any:
    """The first event of a file."""
    return Event(wall_time=wall_time, file_version="brain.Event:2")


def restart(wall_time: float, step: int) -> Any:
    """Readers drop earlier events of this step and later ones."""
    return Event(wall_time=wall_time, step=_step(step), session_log=SessionLog(status=SessionLog.START))


def scalars(wall_time: float, step: int, values: Mapping[str, float]) -> Any:
    """Tags are unchanged: `summary.scalar` would replace spaces and non-ASCII letters."""
    record = [Summary.Value(tag=_utf8(tag), simple_value=_as_float32(value)) for tag, value in values.items()]
    return Event(wall_time=wall_time, step=_step(step), summary=Summary(value=record))


def image(wall_time: float, step: int, tag: str, pixels: Sequence[Sequence[float]]) -> Any:
    """Raises ValueError or LookupError for rows that are no image."""
    rows = png.grey_rows(pixels)
    encoded = Summary.Image(
        height=len(rows), width=len(rows[0]), colorspace=1, encoded_image_string=png.encode_grey(rows)
    )
    record = Summary(value=[Summary.Value(tag=_utf8(tag), image=encoded)])
    return Event(wall_time=wall_time, step=_step(step), summary=record)


def text(wall_time: float, step: int, tag: str, content: str) -> Any:
    """TensorBoard renders Markdown, so `content` is escaped."""
    record = summary.text(_utf8(tag), _as_markdown(_utf8(content)))
    return Event(wall_time=wall_time, step=_step(step), summary=record)


def session_start(wall_time: float, step: int, params: Mapping[str, object]) -> Any:
    """The start of a run, with its hyper-parameters.

    `summary.hparams` takes no time and marks the run as succeeded at once.
    """
    info = SessionStartInfo(start_time_secs=wall_time)
    for name, value in params.items():
        _set(info.hparams[_utf8(name)], value)
    content = HParamsPluginData(session_start_info=info).SerializeToString()
    plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=content)
    record = Summary.Value(tag="_hparams_/session_start_info", metadata=SummaryMetadata(plugin_data=plugin))
    return Event(wall_time=wall_time, step=_step(step), summary=Summary(value=[record]))


def _set(place: Any, value: object) -> None:
    if isinstance(value, bool):
        place.bool_value = value
    elif isinstance(value, int | float) and abs(value) < 2**1000:
        place.number_value = value
    else:
        place.string_value = _utf8(str(value))


def _step(step: int) -> int:
    return max(-LAST_STEP, min(LAST_STEP, step))


def _as_float32(value: float) -> float:
    """Clip to float32: finite values stay finite, and values other than 0 stay other than 0."""
    if not math.isfinite(value) or value == 0:
        return value
    return math.copysign(min(max(abs(value), LEAST), MOST), value)


def _utf8(content: str) -> str:
    """Lone surrogates, which UTF-8 cannot encode, become escape sequences."""
    return content.encode("utf-8", "backslashreplace").decode()


# --- Markdown ---------------------------------------------------------------------------------------------


def _as_markdown(content: str) -> str:
    """Markdown that renders as `content`, line by line."""
    return "  \n".join(map(_plain_line, content.split("\n")))


def _plain_line(line: str) -> str:
    plain = _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", line)
    plain = _AT_START.sub(lambda found: f"{found[1]}&#{ord(found[2])};", plain)
    return _LEADING.sub(lambda spaces: "&#160;" * len(spaces[0]), plain)


_SIGNS = re.compile(r"[\\`*_\[\]<>&|~]")
_AT_START = re.compile(r"^(\s*\d*)([-+#=:.)])")
_LEADING = re.compile(r"^[ \t]+")

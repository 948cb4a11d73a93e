"""Numbers as short text: values, steps, times."""

from __future__ import annotations

import math
import time

SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
UNITS = ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB"))
PLAIN_LIMIT = 1e5
LATEST = 253402300800.0
"""the year 10000"""
MINUTE, HOUR, DAY = 60, 3600, 86400


def short(value: float) -> str:
    """A value in four significant digits: 0.0123, 1.5k, 3.2e-7, nan."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size != 0 and not 1e-4 <= size < 1e15:
        return _exponent(value, 3)
    if size >= PLAIN_LIMIT:
        return _suffixed(value, 2)
    decimals = 4 if size < 1 else max(0, 3 - int(math.log10(size)))
    return _trimmed(f"{value:.{decimals if size >= 1e-2 or size == 0 else 6}f}")


def two_digits(value: float) -> str:
    """A deviation in two significant digits: 0.0041, 12, 1.6e-10"""
    text = f"{value:.2g}"
    return f"{value:.0f}" if "e+" in text and abs(value) < PLAIN_LIMIT else text.replace("e-0", "e-")


def tick_label(value: float, step: float) -> str:
    """An axis label, with just enough digits to differ from its neighbours `step` away."""
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3 or size >= 1e15:
        return _exponent(value, _digits(size, step))
    if size < 1e3:
        return f"{value:.{_decimals(step)}f}"
    for unit, suffix in SUFFIXES:
        if size >= unit and step / unit >= 0.0099:
            return _trimmed(f"{value / unit:.{_decimals(step / unit)}f}") + suffix
    if size < 1e10:
        return f"{value:.{_decimals(step)}f}"
    return _exponent(value, _digits(size, step))


def whole(value: float) -> str:
    """A step count with thousands separators."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def size(count: int) -> str:
    """Bytes: 512 B, 31.0 kB, 4.2 GB."""
    for least, unit in UNITS:
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count} B"


def wall_clock(at: float, step: float = 1.0) -> str:
    """Local time of seconds since 1970, in the resolution `step`; the date at midnight and of whole days."""
    if not 0 <= at < LATEST:
        return _exponent(at, 3)
    when = time.localtime(at)
    is_midnight = step > 1 and (when.tm_hour, when.tm_min, when.tm_sec) == (0, 0, 0)
    if step >= DAY or is_midnight:
        return time.strftime("%b %d", when)
    return time.strftime("%H:%M" if step >= MINUTE else "%H:%M:%S" if step > 1 else "%b %d %H:%M:%S", when)


def clock(seconds: float, step: float = 1.0) -> str:
    """A duration: 45s, 1:30, 20m, 1h30, 2h, 3d, in the resolution `step` (seconds)."""
    if seconds == 0:
        return "0"
    if step < 1:
        rest = _trimmed(f"{seconds % 1:.{min(_decimals(step), 6)}f}")
        return f"{seconds // 1:.0f}{rest[1:]}s" if seconds < MINUTE else _colons(int(seconds)) + rest[1:]
    total = round(seconds)
    if step < MINUTE:
        return f"{total}s" if total < MINUTE else _colons(total)
    days, hours, minutes = total // DAY, total // HOUR, total // MINUTE
    if step >= DAY or (step >= HOUR and hours >= 100):
        return f"{days}d{total % DAY // HOUR:02d}h" if total % DAY else f"{days}d"
    if not hours:
        return f"{minutes}m"
    return f"{hours}h{minutes % 60:02d}" if minutes % 60 else f"{hours}h"


def _colons(total: int) -> str:
    minutes, seconds = divmod(total, MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _suffixed(value: float, decimals: int) -> str:
    unit, suffix = next((unit, suffix) for unit, suffix in SUFFIXES if abs(value) >= unit)
    return _trimmed(f"{value / unit:.{decimals}f}") + suffix


def _exponent(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{max(0, digits - 1)}e}".split("e")
    return f"{_trimmed(mantissa)}e{int(exponent)}"


def _digits(size: float, step: float) -> int:
    return min(8, max(1, math.floor(math.log10(size)) + 1 + _decimals(step))) if step > 0 else 1


def _decimals(step: float) -> int:
    """Number of decimals of `step`, which is 1, 2, 2.5 or 5 times a power of ten."""
    if step <= 0:
        return 0
    exponent = math.floor(math.log10(step) + 1e-9)
    extra = 0 if math.isclose(step / 10.0**exponent, round(step / 10.0**exponent), rel_tol=1e-6) else 1
    return max(0, extra - exponent)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text

"""A growable NumPy array."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Number = TypeVar("Number", np.float64, np.int64)
FIRST_ROOM = 256


class NumberColumn(Generic[Number]):
    """One-dimensional; appending takes amortised constant time, `view` is the filled part without a copy."""

    def __init__(self, dtype: type[Number]) -> None:
        self._room: NDArray[Number] = np.empty(FIRST_ROOM, dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> NDArray[Number]:
        return self._room[: self._length]

    def extend(self, values: ArrayLike) -> None:
        new: NDArray[Any] = np.asarray(values, self._room.dtype)
        end = self._length + len(new)
        if end > len(self._room):
            room = np.empty(max(end, 2 * len(self._room)), self._room.dtype)
            room[: self._length] = self.view
            self._room = room
        self._room[self._length : end] = new
        self._length = end

    def truncate(self, length: int) -> None:
        self._length = min(self._length, length)

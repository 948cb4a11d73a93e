"""The filters view: weights and maps of a layer at each recorded step of the training."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from textual.actions import SkipAction
from textual.timer import Timer

from engine.errors import DltuiError
from engine.session_protocol.mnist import (
    FiltersRequest,
    HistoryRequest,
    LayerFilters,
    MapsRequest,
    ModelRequest,
    NetworkFacts,
    PictureLayers,
    RecordedHistory,
)
from tui.data.run_text import name_of
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import Values, numbers
from tui.mnist.empty_state import paint_empty_state
from tui.mnist.filter_grid import Cell, FilterGrid, is_roomy
from tui.mnist.filter_picture import Image, mosaic
from tui.mnist.layer_snapshot import (
    PictureMaps,
    Snapshot,
    layers_of,
    picture_maps,
    snapshot_of,
)
from tui.mnist.view import MnistView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

IMAGES, CACHE_LIMIT = 4, 300
MORE = 4
"""filters by which a key scrolls"""
FRAME, FRAMES = 0.12, 50
LIVE = 0.5
"""seconds between two requests for a run in training"""
CELL, FLOW, LONGEST = 18, 5_000, 8.0
"""bytes sent to the terminal per cell of a picture; bytes per second for live pictures; most seconds between
two of them"""
WHAT = "its filters epoch by epoch, and their maps of four pictures."


class FiltersView(MnistView):
    """Any layer at any step with a `sketch` event or a checkpoint."""

    SCOPE = "filters"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.at: int | None = None
        """index of the step that is shown; None: always the newest"""
        self._wanted = ("", 0)
        """run and step from another tab, shown as long as no step is chosen here"""
        self.row, self.pick, self.page, self.first_filter = 0, 0, 0, 0
        self.cell: Cell | None = None
        """the weight under the cursor"""
        self._run, self._requested_at, self._drawn_before = "", 0.0, 0
        self._model: NetworkFacts | None = None
        self._accuracies: dict[int, float] = {}
        self._parts: dict[int, Mapping[str, Any]] = {}
        self._kernels: dict[tuple[int, str], Values] = {}
        self._pictures: dict[tuple[int, str, int], PictureMaps] = {}
        self._originals: dict[int, Any] = {}
        self._play_timer: Timer | None = None
        self._live_timer: Timer | None = None

    # --- steps and layers ------------------------------------------------------------------------------

    @property
    def steps(self) -> list[int]:
        return sorted({*self._accuracies, *self.checkpoint_steps})

    @property
    def checkpoint_steps(self) -> Sequence[int]:
        return self._model.steps if self._model is not None else ()

    @property
    def place(self) -> int:
        steps = self.steps
        if self._wanted[1] in steps and self._wanted[0] == self._run:
            return steps.index(self._wanted[1])
        newest = max(self._parts, default=None)
        if self.is_live and newest in steps:
            return steps.index(newest)
        return len(steps) - 1 if self.at is None else max(0, min(self.at, len(steps) - 1))

    @property
    def step(self) -> int:
        steps = self.steps
        return steps[self.place] if steps else 0

    @property
    def first(self) -> int:
        """Index of the first of the four pictures that are shown."""
        return self.pick - self.pick % IMAGES

    @property
    def layer_names(self) -> list[str]:
        parts = next(iter(self._parts.values()), {})
        found = layers_of(parts)
        if found:
            return found
        weighted = [one for one in self._model.layers if one.parameters] if self._model is not None else []
        return [one.name for one in weighted if one.kind == "conv"] or [one.name for one in weighted[:1]]

    @property
    def layer_name(self) -> str:
        layers = self.layer_names
        return layers[self.row % len(layers)] if layers else ""

    # --- requests --------------------------------------------------------------------------------------

    def activated(self) -> None:
        super().activated()
        if self._live_timer is None:
            self._live_timer = self.set_interval(LIVE, self._live)

    def deactivated(self) -> None:
        self._stop_playing()
        if self._live_timer is not None:
            self._live_timer.stop()
            self._live_timer = None
        super().deactivated()

    def select(self, selection: Mapping[str, Any]) -> None:
        """The filters of a `run`, at a `step` where one is named."""
        self.runs.chosen = run = str(selection.get("run", ""))
        self._stop_playing()
        self.at, self._wanted = None, (run, int(selection.get("step", 0)))
        self.fetch()
        self._fetch_step()
        self.redraw()

    def request_failed(self, key: str, error: DltuiError) -> None:
        """The checkpoint may have been removed for a newer one: the steps are requested again."""
        if key.startswith(("mnist maps", "mnist kernels")):
            self._model = None
        super().request_failed(key, error)

    def _live(self) -> None:
        if self.is_live and self._is_due():
            self._request_history()

    @property
    def shows_network(self) -> bool:
        return bool(self.steps)

    @property
    def is_live(self) -> bool:
        """Whether the newest step of a run in training is shown."""
        run = self.run_shown
        return run is not None and run.status.is_active and self.at is None and not self._wanted[1]

    def _is_due(self) -> bool:
        """Whether the next live picture may be sent: FLOW bounds the bytes for slow connections."""
        drawn = self.image_widget.drawn - self._drawn_before
        return time.monotonic() - self._requested_at >= min(drawn * CELL / FLOW, LONGEST)

    def fetch(self) -> None:
        run = self.run_shown
        if run is None:
            return
        if run.id != self._run:
            self._run, self.at, self._model, self._requested_at = run.id, None, None, 0.0
            for known in (self._accuracies, self._parts, self._kernels, self._pictures, self._originals):
                known.clear()
        if run.checkpoint_step and run.checkpoint_step not in self.checkpoint_steps:
            self.request(ModelRequest(run.id), self._set_model, "mnist model")
        if not run.status.is_active or self._is_due():
            self._request_history()

    def _request_history(self) -> None:
        self._requested_at, self._drawn_before = time.monotonic(), self.image_widget.drawn
        self.request(HistoryRequest(self._run), self._add_history, "mnist history")

    def _set_model(self, model: NetworkFacts) -> None:
        if model.run == self._run:
            self._model = model
            self._fetch_step()

    def _add_history(self, recorded: RecordedHistory) -> None:
        if recorded.run != self._run:
            return
        for one in recorded.steps:
            self._accuracies[one.step] = one.val_accuracy or 0.0
        if recorded.step is not None:
            _cache(self._parts, recorded.step, recorded.parts)
        self._fetch_step()

    def _fetch_step(self) -> None:
        """Requests its recorded filters and maps, and those of its checkpoint where there is one."""
        step, layer, run = self.step, self.layer_name, self._run
        if not layer:
            return
        if step in self._accuracies and step not in self._parts:
            self.request(HistoryRequest(run, step), self._add_history, "mnist sketch")
        has_originals = all(index in self._originals for index in range(IMAGES))
        if self.is_live and has_originals and step in self._parts and not self.first:
            return
        whole = step if not self.first and has_originals else self._nearest()
        if whole not in self.checkpoint_steps:
            return
        if step == whole and (step, layer) not in self._kernels:
            on_filters = partial(self._add_kernels, (run, step, layer))
            self.request(FiltersRequest(run, layer, whole), on_filters, "mnist kernels")
        for index in range(self.first, self.first + IMAGES):
            if (whole, layer, index) not in self._pictures and self._is_conv():
                on_maps = partial(self._add_picture, run, (whole, layer, index))
                request = MapsRequest(run, layer, whole, "validation", index)
                self.request(request, on_maps, f"mnist maps {index % IMAGES}")

    def _is_conv(self) -> bool:
        layers = self._model.layers if self._model is not None else ()
        return any(one.name == self.layer_name and one.kind == "conv" for one in layers)

    def _nearest(self) -> int:
        """Step of the checkpoint at or nearest to the shown step."""
        return min(self.checkpoint_steps, key=lambda step: abs(step - self.step), default=0)

    def _add_kernels(self, key: tuple[str, int, str], filters: LayerFilters) -> None:
        if key[0] == self._run:
            _cache(self._kernels, key[1:], numbers(filters))

    def _add_picture(self, run: str, key: tuple[int, str, int], seen: PictureLayers) -> None:
        if run == self._run:
            layer = next((one for one in seen.layers if one.name == key[1]), None)
            _cache(self._pictures, key, picture_maps(seen.original, layer))
            self._originals[key[2]] = seen.original

    # --- drawing ---------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        step, layer = self.step, self.layer_name
        originals = [self._originals[index] for index in range(IMAGES) if index in self._originals]
        recorded = snapshot_of(self._parts.get(step, {}), layer, originals)
        kernels = self._kernels.get((step, layer), recorded.kernels)
        whole = self._nearest() if self.first else step
        found = [self._pictures.get((whole, layer, self.first + place)) for place in range(IMAGES)]
        pictures = [picture for picture in found if picture is not None]
        if (len(pictures) < IMAGES or (self.is_live and recorded.pictures)) and self.first == 0:
            pictures = list(recorded.pictures)
        turned = self.pick % IMAGES
        return Snapshot(layer, kernels, [*pictures[turned:], *pictures[:turned]])

    def paint(self, canvas: ImageCanvas) -> None:
        run = self.run_shown
        if run is None or not self.steps:
            paint_empty_state(canvas, run, self.context.keymap, WHAT, self.loading_text)
            return
        dot = f" {glyphs().dot} "
        title = plain(f"{name_of(run)}{dot}{self.layer_name}", limit=60)
        self._grid(title, f"{dot}{self._facts(dot)}").paint(canvas)

    def _grid(self, title: str = "", facts: str = "") -> FilterGrid:
        return FilterGrid(
            title, facts, self.steps, self.place,
            frozenset(self.checkpoint_steps), self.snapshot, self._model.class_names if self._model else (),
            self.page, self.first_filter, self.cell,
        )  # fmt: skip

    @property
    def _hidden(self) -> int:
        """How many filters are not in sight."""
        grid = self._grid()
        kernels = grid.snapshot.kernels
        return len(kernels) - grid.in_sight(*self.image_widget.size) if kernels is not None else 0

    def _facts(self, dot: str) -> str:
        step, each = self.step, self._model.per_epoch if self._model is not None else None
        words = [f"step {step:,}"]
        if each:
            words.append(f"epoch {step / each:.1f}")
        if self._accuracies.get(step):
            words.append(f"validation accuracy {self._accuracies[step]:.2%}")
        if self.is_live:
            words.append("live")
        return dot.join(words)

    # --- actions ---------------------------------------------------------------------------------------

    def action_scrub(self, by: int) -> None:
        if self.cell is not None:
            self._move(by, 0)
            return
        self._stop_playing()
        self._go_to(self.place + by)

    def action_scrub_to(self, end: int) -> None:
        self._stop_playing()
        self._go_to(len(self.steps) if end else 0)

    def _go_to(self, place: int) -> None:
        self._wanted = ("", 0)
        self.at = None if place >= len(self.steps) - 1 else max(0, place)
        self._fetch_step()
        self._redraw_now()
        self.save_state()

    def action_play(self) -> None:
        if self._play_timer is not None:
            self._stop_playing()
        else:
            self._go_to(0)
            self._play_timer = self.set_interval(FRAME, self._play_on)

    def _play_on(self) -> None:
        if self.at is None or not self.in_front:
            self._stop_playing()
            return
        self._go_to(self.at + max(1, len(self.steps) // FRAMES))

    def _stop_playing(self) -> None:
        if self._play_timer is not None:
            self._play_timer.stop()
            self._play_timer = None

    def action_layer(self, by: int) -> None:
        if self.cell is not None:
            self._move(0, by)
            return
        self.first_filter = 0
        self.row = (self.row + by) % max(1, len(self.layer_names))
        self._fetch_step()
        self._redraw_now()
        self.save_state()

    def action_images(self, by: int) -> None:
        self.pick = max(0, self.pick + by)
        self._fetch_step()
        self._redraw_now()

    def action_weights(self) -> None:
        """Toggles the cursor on the weights."""
        kernels, before = self.snapshot.kernels, self.cell
        self.cell = None
        if before is None and kernels is not None and kernels.size and self._is_conv():
            self.cell = (min(self.first_filter, len(kernels) - 1), 0, 0, 0)
        self.page = 0
        self._redraw_now()
        self.save_state()

    def action_leave(self) -> None:
        if self.cell is None:
            raise SkipAction  # the app goes back to the tab that has opened this one
        self.cell = None
        self._redraw_now()
        self.save_state()

    def _move(self, across: int, down: int) -> None:
        """Moves the cursor by weights: across into the next filter, down into the next channel."""
        kernels = self.snapshot.kernels
        if self.cell is None or kernels is None:
            return
        count, channels, high, wide = kernels.shape
        which, channel, y, x = self.cell
        along = max(0, min(which * wide + x + across, count * wide - 1))
        below = max(0, min(channel * high + y + down, channels * high - 1))
        self.cell = (along // wide, below // high, below % high, along % wide)
        self.first_filter = min(self.first_filter, self.cell[0])
        if self.cell[0] - self.first_filter >= MORE:
            self.first_filter = self.cell[0] - MORE + 1
        self._redraw_now()

    def action_more(self, by: int) -> None:
        self.first_filter = max(0, min(self.first_filter + by * MORE, self._hidden))
        self._redraw_now()

    def action_page(self) -> None:
        self.page = (self.page + 1) % 4
        self._redraw_now()
        self.save_state()

    def _redraw_now(self) -> None:
        """After a key: not limited by FLOW."""
        self.redraw()
        self._drawn_before = self.image_widget.drawn

    @property
    def _roomy(self) -> bool:
        return is_roomy(*self.image_widget.size)

    def image(self) -> Image | None:
        return mosaic(self.snapshot) if self.steps else None

    def key_labels(self) -> dict[str, str]:
        there = bool(self.steps)
        has_maps = there and bool(self.snapshot.pictures)
        unused = [] if there else ["earlier", "later", "play", "live"]
        labels = {f"filters.{name}": "" for name in (unused if has_maps else [*unused, "images"])}
        if len(self.layer_names) < 2:
            labels["filters.layer_down"] = ""
        words = ("maps", "before ReLU", "both maps", "filters")
        if self._roomy:
            words = ("after ReLU", "before ReLU", "both maps", "by the room")
        page = words[self.page] if has_maps else ""
        if self.cell is not None:
            labels |= {"filters.earlier": "left", "filters.later": "right", "filters.layer_down": "down"}
        own = {
            "filters.weights": ""
            if not there or not self._is_conv()
            else "weights"
            if self.cell is None
            else "leave",
            "filters.leave": "",
            "filters.more": "more filters" if there and self._hidden else "",
        }
        return {**super().key_labels(), **labels, **own, "filters.page": page}

    def saved(self) -> dict[str, Any]:
        return {"row": self.row}


def _cache(known: dict[Any, Any], key: object, value: object) -> None:
    """Adds an entry; the oldest is dropped when there are more than CACHE_LIMIT."""
    known[key] = value
    while len(known) > CACHE_LIMIT:
        del known[next(iter(known))]

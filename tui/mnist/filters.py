"""The filters: how they form, and what they make of pictures."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from textual.timer import Timer

from engine.protocol import Json
from tui.data.run_text import name_of
from tui.drawings.image_canvas import ImageCanvas
from tui.drawings.pixels import Values
from tui.keys import all_keys
from tui.mnist.empty_state import invite
from tui.mnist.filter_image import Cell, FilterImage, is_roomy
from tui.mnist.mosaic import Image, mosaic
from tui.mnist.snapshot import Snapshot, SnapshotView, kernels_of, layers_of, look_of, sketched
from tui.mnist.view import MnistView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

IMAGES, KEPT = 4, 300
MORE = 4
"""filters by which one key moves on"""
FRAME, FRAMES = 0.12, 50
LIVE = 0.5
"""seconds between two looks at a run that trains"""
CELL, FLOW, LONGEST = 18, 5_000, 8.0
"""bytes that a cell of a picture takes on its way to the terminal, and a second of live pictures may take;
and seconds after which the next comes all the same"""
WHAT = "its filters epoch by epoch, and their maps of four pictures."


class FiltersView(MnistView):
    """Any layer at any step that was sketched or kept."""

    SCOPE = "filters"
    BINDINGS = all_keys.bindings("filters")

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.at: int | None = None
        """which of the steps is looked at; None: the newest, as they come"""
        self.row, self.pick, self.page, self.first_filter = 0, 0, 0, 0
        self.cell: Cell | None = None
        """the weight under the cursor"""
        self._of, self._asked_at, self._drawn_before = "", 0.0, 0
        self._model: Json = {}
        self._accuracies: dict[int, float] = {}
        self._parts: dict[int, Json] = {}
        self._kernels: dict[tuple[int, str], Values] = {}
        self._looks: dict[tuple[int, str, int], SnapshotView] = {}
        self._originals: dict[int, Any] = {}
        self._playing: Timer | None = None
        self._living: Timer | None = None

    # --- what there is ---------------------------------------------------------------------------------

    @property
    def steps(self) -> list[int]:
        return sorted({*self._accuracies, *self._model.get("steps", ())})

    @property
    def place(self) -> int:
        steps = self.steps
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
        """The four pictures that are looked at begin with this one."""
        return self.pick - self.pick % IMAGES

    @property
    def layer_names(self) -> list[str]:
        parts = next(iter(self._parts.values()), {})
        found = layers_of(parts)
        if found:
            return found
        weighted = [one for one in self._model.get("layers", ()) if one["parameters"]]
        return [one["name"] for one in weighted if one["kind"] == "conv"] or [
            one["name"] for one in weighted[:1]
        ]

    @property
    def layer_name(self) -> str:
        layers = self.layer_names
        return layers[self.row % len(layers)] if layers else ""

    # --- what is asked ---------------------------------------------------------------------------------

    def activated(self) -> None:
        super().activated()
        if self._living is None:
            self._living = self.set_interval(LIVE, self._live)

    def deactivated(self) -> None:
        self._stop_playing()
        if self._living is not None:
            self._living.stop()
            self._living = None
        super().deactivated()

    def failed(self, mark: str) -> None:
        """A checkpoint that was there may have made room for a newer one."""
        if mark.startswith(("mnist maps", "mnist kernels")):
            self._model = {}

    def _live(self) -> None:
        if self.is_live and self._is_due():
            self._ask_history()

    @property
    def reads(self) -> bool:
        return bool(self.steps)

    @property
    def is_live(self) -> bool:
        """The newest sketches of a run that trains are shown as they come."""
        run = self.run_shown
        return run is not None and run.status.is_active and self.at is None

    def _is_due(self) -> bool:
        """A terminal far away is sent no more than it can swallow beside all else."""
        drawn = self.image_widget.drawn - self._drawn_before
        return time.monotonic() - self._asked_at >= min(drawn * CELL / FLOW, LONGEST)

    def look(self) -> None:
        run = self.run_shown
        if run is None:
            return
        if run.id != self._of:
            self._of, self.at, self._model, self._asked_at = run.id, None, {}, 0.0
            for known in (self._accuracies, self._parts, self._kernels, self._looks, self._originals):
                known.clear()
        if run.checkpoint_step and run.checkpoint_step not in self._model.get("steps", ()):
            self.ask("model", partial(self._take_model, run.id), "mnist model", run=run.id)
        if not run.status.is_active or self._is_due():
            self._ask_history()

    def _ask_history(self) -> None:
        self._asked_at, self._drawn_before = time.monotonic(), self.image_widget.drawn
        self.ask("history", partial(self._take_history, self._of), "mnist history", run=self._of)

    def _take_model(self, run: str, model: Json) -> None:
        if run == self._of:
            self._model = model
            self._look_at_step()

    def _take_history(self, run: str, told: Json) -> None:
        if run != self._of:
            return
        for one in told["steps"]:
            self._accuracies[one["step"]] = float(one["val_accuracy"] or 0)
        if told["step"] is not None:
            _keep(self._parts, told["step"], told["parts"])
        self._look_at_step()

    def _look_at_step(self) -> None:
        """Its sketch, and where it has a checkpoint all that this can tell."""
        step, layer, run = self.step, self.layer_name, self._of
        if not layer:
            return
        if step in self._accuracies and step not in self._parts:
            self.ask("history", partial(self._take_history, run), "mnist sketch", run=run, step=step)
        has_originals = all(index in self._originals for index in range(IMAGES))
        if self.is_live and has_originals and step in self._parts and not self.first:
            return
        whole = step if not self.first and has_originals else self._nearest()
        if whole not in self._model.get("steps", ()):
            return
        facts = {"run": run, "layer": layer, "step": whole}
        if step == whole and (step, layer) not in self._kernels:
            self.ask("filters", partial(self._take_kernels, (run, step, layer)), "mnist kernels", **facts)
        for index in range(self.first, self.first + IMAGES):
            if (whole, layer, index) not in self._looks and self._is_conv():
                take = partial(self._take_look, run, (whole, layer, index))
                self.ask(
                    "maps", take, f"mnist maps {index % IMAGES}", split="validation", index=index, **facts
                )

    def _is_conv(self) -> bool:
        layers = self._model.get("layers", ())
        return any(one["name"] == self.layer_name and one["kind"] == "conv" for one in layers)

    def _nearest(self) -> int:
        """The checkpoint at this step or the nearest one."""
        steps: list[int] = self._model.get("steps", [])
        return min(steps, key=lambda step: abs(step - self.step), default=0)

    def _take_kernels(self, key: tuple[str, int, str], answer: Json) -> None:
        if key[0] == self._of:
            _keep(self._kernels, key[1:], kernels_of(answer))

    def _take_look(self, run: str, key: tuple[int, str, int], answer: Json) -> None:
        if run == self._of:
            _keep(self._looks, key, look_of(answer, key[1]))
            self._originals[key[2]] = answer["original"]

    # --- what is seen ----------------------------------------------------------------------------------

    @property
    def moment(self) -> Snapshot:
        step, layer = self.step, self.layer_name
        originals = [self._originals[index] for index in range(IMAGES) if index in self._originals]
        told = sketched(self._parts.get(step, {}), layer, originals)
        kernels = self._kernels.get((step, layer), told.kernels)
        whole = self._nearest() if self.first else step
        found = [self._looks.get((whole, layer, self.first + place)) for place in range(IMAGES)]
        looks = [look for look in found if look is not None]
        if (len(looks) < IMAGES or (self.is_live and told.looks)) and self.first == 0:
            looks = list(told.looks)
        turned = self.pick % IMAGES
        return Snapshot(layer, kernels, [*looks[turned:], *looks[:turned]])

    def paint(self, canvas: ImageCanvas) -> None:
        run = self.run_shown
        if run is None or not self.steps:
            invite(canvas, run, self.context.keymap, WHAT, self.waits)
            return
        dot = f" {glyphs().dot} "
        title = plain(f"{name_of(run)}{dot}{self.layer_name}", limit=60)
        FilterImage(
            title, f"{dot}{self._facts(dot)}", self.steps, self.place,
            frozenset(self._model.get("steps", ())), self.moment, self._model.get("class_names", ()),
            self.page, self.first_filter, self.cell,
        ).paint(canvas)  # fmt: skip

    def _facts(self, dot: str) -> str:
        step, each = self.step, self._model.get("per_epoch")
        words = [f"step {step:,}"]
        if each:
            words.append(f"epoch {step / each:.1f}")
        if self._accuracies.get(step):
            words.append(f"validation accuracy {self._accuracies[step]:.2%}")
        if self.is_live:
            words.append("live")
        return dot.join(words)

    # --- what is done ----------------------------------------------------------------------------------

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
        self.at = None if place >= len(self.steps) - 1 else max(0, place)
        self._look_at_step()
        self._show_at_once()
        self.remember()

    def action_play(self) -> None:
        if self._playing is not None:
            self._stop_playing()
        else:
            self._go_to(0)
            self._playing = self.set_interval(FRAME, self._play_on)

    def _play_on(self) -> None:
        if self.at is None or not self.in_front:
            self._stop_playing()
            return
        self._go_to(self.at + max(1, len(self.steps) // FRAMES))

    def _stop_playing(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    def action_layer(self, by: int) -> None:
        if self.cell is not None:
            self._move(0, by)
            return
        self.first_filter = 0
        self.row = (self.row + by) % max(1, len(self.layer_names))
        self._look_at_step()
        self._show_at_once()
        self.remember()

    def action_images(self, by: int) -> None:
        self.pick = max(0, self.pick + by)
        self._look_at_step()
        self._show_at_once()

    def action_weights(self) -> None:
        """A cursor on the weights, or none any more."""
        kernels, before = self.moment.kernels, self.cell
        self.cell = None
        if before is None and kernels is not None and kernels.size and self._is_conv():
            self.cell = (min(self.first_filter, len(kernels) - 1), 0, 0, 0)
        self.page = 0
        self._show_at_once()
        self.remember()

    def action_leave(self) -> None:
        self.cell = None
        self._show_at_once()
        self.remember()

    def _move(self, across: int, down: int) -> None:
        """From weight to weight: into the next filter on the right, into the next channel below."""
        kernels = self.moment.kernels
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
        self._show_at_once()

    def action_more(self, by: int) -> None:
        count = len(kernels) if (kernels := self.moment.kernels) is not None else 0
        self.first_filter = max(0, min(self.first_filter + by * MORE, count - 1))
        self._show_at_once()

    def action_page(self) -> None:
        self.page = (self.page + 1) % 4
        self._show_at_once()
        self.remember()

    def _show_at_once(self) -> None:
        """What a key asked for, whatever it weighs."""
        self.show()
        self._drawn_before = self.image_widget.drawn

    @property
    def _roomy(self) -> bool:
        return is_roomy(*self.image_widget.size)

    def sharp(self) -> Image | None:
        return mosaic(self.moment) if self.steps else None

    def key_labels(self) -> dict[str, str]:
        there = bool(self.steps)
        labels = (
            {}
            if there
            else {f"filters.{name}": "" for name in ("earlier", "later", "play", "live", "images")}
        )
        if len(self.layer_names) < 2:
            labels["filters.layer_down"] = ""
        words = ("maps", "before ReLU", "both maps", "filters")
        if self._roomy:
            words = ("after ReLU", "before ReLU", "both maps", "by the room")
        page = words[self.page] if there else ""
        if self.cell is not None:
            labels |= {"filters.earlier": "left", "filters.later": "right", "filters.layer_down": "down"}
        many = len(self.moment.kernels) if there and self.moment.kernels is not None else 0
        own = {
            "filters.weights": "" if not there else "leave" if self.cell is not None else "weights",
            "filters.leave": "",
            "filters.more": "more filters" if many > MORE else "",
        }
        return {**super().key_labels(), **labels, **own, "filters.page": page}

    def saved(self) -> dict[str, Any]:
        return {"row": self.row}


def _keep(known: dict[Any, Any], key: object, value: object) -> None:
    """The oldest goes when there are too many."""
    known[key] = value
    while len(known) > KEPT:
        del known[next(iter(known))]

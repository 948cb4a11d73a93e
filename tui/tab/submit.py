"""Submitting runs: by the launch form, which keeps what was typed, and by recipes without a form."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from engine.client.client import Client
from engine.protocol import RunSummary
from tui.data.run_actions import run_and_notify
from tui.tab.tab import Tab

if TYPE_CHECKING:
    from tui.dialogs.form_dialog import Launch


class RunRecipe(Protocol):
    """A run with all its parameters, submitted without a form."""

    @property
    def experiment(self) -> str: ...
    @property
    def params(self) -> dict[str, object]: ...
    @property
    def seed(self) -> int: ...
    @property
    def name(self) -> str: ...


def open_launch_form(
    tab: Tab,
    experiment: str,
    submit: Callable[[Launch], Coroutine[Any, Any, str]],
    typed: Mapping[str, str] | None = None,
    data: str | None = None,
) -> None:
    """Open the form with `typed`, or its last texts, and submit what is confirmed.

    A notification shows what `submit` returns, or its error. `data` is the folder of data sets of a run to
    repeat; None: that of this shell.
    """
    from engine import catalog
    from tui.dialogs.form_dialog import launch_screen

    state = tab.context.state

    def confirmed(launch: Launch | None) -> None:
        if launch is not None:
            state.last_params[launch.experiment] = dict(launch.typed)
            run_and_notify(tab, submit(launch))

    texts = state.last_typed(experiment) if typed is None else typed
    tab.app.push_screen(launch_screen(catalog.find(experiment), texts, data), confirmed)


async def submit_launch(client: Client, launch: Launch, submitted: Callable[[RunSummary], str]) -> str:
    """Returns the text of `submitted`, called with the new run, and a warning if its name is taken.

    Raises DltuiError, and nothing was started.
    """
    run = await launch.submit(client)
    return f"{submitted(run)} {await launch.name_warning(client, run)}".strip()


async def submit_recipes(
    client: Client, recipes: Sequence[RunRecipe], submitted: Callable[[RunSummary], None]
) -> str:
    """Returns how many were started; `submitted` is called with each. Raises DltuiError."""
    for recipe in recipes:
        submitted(await client.submit(recipe.experiment, recipe.params, seed=recipe.seed, name=recipe.name))
    return f"{len(recipes)} runs are started." if len(recipes) > 1 else f"{recipes[0].name} is started."

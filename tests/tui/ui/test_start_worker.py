"""Workers that are cancelled before they start."""

from __future__ import annotations

import warnings

from textual.app import App

from tui.ui.start_worker import start_worker


async def test_a_worker_that_is_cancelled_before_it_starts_leaves_no_coroutine_unawaited() -> None:
    ran: list[int] = []

    async def work(number: int) -> None:
        ran.append(number)

    app: App[None] = App()
    async with app.run_test() as pilot:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            start_worker(app, work, 1, group="load", exclusive=True).cancel()
            await start_worker(app, work, 2, group="load", exclusive=True).wait()
        await pilot.pause()
    assert ran == [2]

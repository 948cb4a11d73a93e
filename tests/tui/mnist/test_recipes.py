"""Runs that the MNIST tab starts, and which run it shows."""

from __future__ import annotations

from dataclasses import replace

from engine import catalog, params
from engine.protocol import Queued
from tests.fakes.engine import done, make_run
from tui.drawings.image_arrays import square_size
from tui.mnist.recipes import NOTEBOOK, recipes
from tui.mnist.run_list import MnistRuns


def test_every_recipe_is_accepted_by_its_experiment() -> None:
    for recipe in recipes():
        built = params.build(catalog.find(recipe.experiment).params, recipe.params)
        assert all(getattr(built, name) == value for name, value in recipe.params.items())


def test_the_two_recipes_are_runs_of_their_own_experiment() -> None:
    fast = make_run(experiment="mnist_recipe", params={"recipe": "fast"})
    assert [one.name for one in recipes() if one.made(fast)] == ["fast"]
    assert not any(one.made(make_run(experiment="mnist", params={"recipe": "fast"})) for one in recipes())


def test_the_notebook_has_six_convolutional_runs_and_two_others() -> None:
    assert [(one.model, one.batch) for one in NOTEBOOK if "conv" in one.model] == [
        (model, batch)
        for model in ("single_conv", "double_conv", "double_conv_dropout")
        for batch in (50, 100)
    ]
    assert all(one.params["iterations"] == 13_000 for one in NOTEBOOK if "conv" not in one.model)


def test_a_run_is_recognised_by_its_model_and_batch() -> None:
    given = {"model": "double_conv", "batch": 100}
    run = make_run(experiment="mnist", params=given)
    assert [one.name for one in NOTEBOOK if one.made(run)] == ["double_conv b100"]
    assert not any(one.made(make_run(experiment="xor", params=given)) for one in NOTEBOOK)
    trial = make_run(experiment="mnist", params=given, sweep="20260101-000000-mnist-sweep-0001")
    assert not any(one.made(trial) for one in NOTEBOOK)


def test_the_newest_run_with_weights_is_shown_unless_another_is_chosen() -> None:
    old = make_run(3, experiment="mnist", state=done(), checkpoint_step=9)
    new = make_run(1, experiment="mnist", state=Queued("waits"))
    runs = MnistRuns()
    assert runs.shown is None
    assert runs.update((old, new, make_run(2)), ()) and len(runs.all()) == 2
    assert runs.shown == old
    runs.chosen = new.id
    assert runs.shown == new
    runs.update((), (new.id,))
    assert runs.shown == old


def test_the_shown_run_stays_and_a_newer_one_is_reported() -> None:
    old = make_run(3, experiment="mnist", state=done(), checkpoint_step=9)
    waits = make_run(1, experiment="mnist", state=Queued("waits"))
    runs = MnistRuns()
    runs.update((old,), ())
    runs.keep_on_screen(old)
    runs.update((waits,), ())
    assert runs.shown == old and runs.newer is None
    begun = replace(waits, checkpoint_step=1)
    runs.update((begun,), ())
    assert runs.shown == old and runs.newer == begun
    runs.chosen = begun.id
    runs.keep_on_screen(begun)
    assert runs.shown == begun and runs.newer is None
    runs.chosen = old.id
    runs.keep_on_screen(old)
    assert runs.newer is None, "it was there when the older one was chosen"
    runs.update((), (old.id,))
    assert runs.shown == begun


def test_pictures_are_drawn_with_whole_pixels_where_they_fit() -> None:
    assert square_size(28, 60, 30) == (56, 28)
    assert square_size(8, 13, 20) == (8, 4)
    assert square_size(28, 15, 20) == (14, 7)
    assert square_size(28, 80, 5) == (10, 5)

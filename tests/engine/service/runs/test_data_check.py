"""The warning of a run whose data folder has changed since it was trained."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from engine.data import mnist_folders
from engine.data.published_files import MNIST
from engine.places import Places
from engine.protocol import RunSummary
from engine.service.runs.verify_runs import data_warning
from tests.engine.data.idx_files import make_arrays, write_set
from tests.fakes.engine import make_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "digits"
    write_set(made, make_arrays())
    return made


def trained_on(places: Places, folder: Path) -> RunSummary:
    found = mnist_folders.find(dataclasses.replace(places, named_data=str(folder)), MNIST)
    assert found is not None
    fingerprint = mnist_folders.fingerprint(mnist_folders.digests_of(found.files))
    run = make_run(1, experiment="mnist", params={}, data_title="digits", data_fingerprint=fingerprint)
    return dataclasses.replace(run, spec=dataclasses.replace(run.spec, data=str(folder)))


def test_there_is_no_warning_while_the_data_are_the_same(places: Places, folder: Path) -> None:
    assert data_warning(places, trained_on(places, folder)) == ""


def test_reversed_labels_are_other_data(places: Places, folder: Path) -> None:
    run = trained_on(places, folder)
    images, labels, test_images, test_labels = make_arrays()
    write_set(folder, (images, 9 - labels, test_images, test_labels))
    assert f"{folder} holds other data now" in data_warning(places, run)


def test_a_folder_that_is_gone_is_named(places: Places, folder: Path) -> None:
    run = trained_on(places, folder)
    shutil.rmtree(folder)
    assert f"{folder} does not exist any more" in data_warning(places, run)

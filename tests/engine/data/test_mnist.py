"""Where MNIST comes from, in which order, and what happens when it does not."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.data.download import Timeouts
from engine.data.idx import digest_idx
from engine.data.mnist import Digits, load, split
from engine.data.published_files import MNIST, DataSource, PublishedFile
from engine.errors import DataError
from engine.places import Places
from tests.engine.data import mirror_server as behaviours
from tests.engine.data.idx_files import NAMES, idx_bytes, make_arrays, write_set
from tests.engine.data.mirror_server import Mirror, run_mirror

ARRAYS = make_arrays()
PACKED = {name: gzip.compress(idx_bytes(array), mtime=0) for name, array in zip(NAMES, ARRAYS, strict=True)}
CALM = Timeouts(answer=60.0, answers=60.0, silence=60.0, slowest=1.0, lock=60)
REAL = os.environ.get("DLTUI_DATA")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DLTUI_DATA", "DLTUI_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with ExitStack() as stack:
        yield stack.enter_context(run_mirror(PACKED, behaviours.serves))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "home")


def publish(*mirrors: Mirror) -> DataSource:
    """The small set as if it were MNIST."""
    files = tuple(
        PublishedFile(name, len(PACKED[name]), hashlib.sha256(PACKED[name]).hexdigest(), digest_idx(array))
        for name, array in zip(NAMES, ARRAYS, strict=True)
    )
    return replace(MNIST, mirrors=tuple(mirror.url for mirror in mirrors), files=files)


def get(places: Places, source: DataSource, lines: list[str] | None = None) -> Digits:
    return load(places, report=(lines if lines is not None else []).append, source=source, timeouts=CALM)


def test_the_folder_the_user_named_comes_first(
    tmp_path: Path, places: Places, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / "own" / "mnist", ARRAYS)
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "own"))
    digits = get(places, publish(mirror))
    assert (digits.source, digits.title, digits.notice) == ("DLTUI_DATA", "MNIST", "")
    assert mirror.visits == []


def test_a_broken_file_in_that_folder_is_an_error_and_no_silent_fallback(
    tmp_path: Path, places: Places, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / "own", ARRAYS)
    broken = tmp_path / "own" / NAMES[2]
    broken.write_bytes(broken.read_bytes()[:-20])
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "own"))
    with pytest.raises(DataError, match=f"{NAMES[2]}: the gzip data is cut off after offset"):
        get(places, publish(mirror))
    assert mirror.visits == []


def test_a_folder_that_holds_other_things_is_reported_and_passed_over(
    tmp_path: Path, places: Places, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    lines: list[str] = []
    assert get(places, publish(mirror), lines).source == "download"
    assert lines[0] == f"{tmp_path} (DLTUI_DATA) holds no MNIST files."


def test_what_is_downloaded_once_comes_from_the_cache_afterwards(places: Places, mirror: Mirror) -> None:
    lines: list[str] = []
    first = get(places, publish(mirror), lines)
    visits = len(mirror.visits)
    second = get(places, publish(mirror))
    assert (first.source, second.source) == ("download", "cache")
    assert first.fingerprint == second.fingerprint and first.title == second.title == "MNIST"
    assert len(mirror.visits) == visits == 4
    assert any("Downloading train-images-idx3-ubyte.gz: 100 %" in line for line in lines)


def test_a_damaged_cache_is_reported_and_only_the_damaged_file_fetched_again(
    places: Places, mirror: Mirror
) -> None:
    get(places, publish(mirror))
    mirror.visits.clear()
    damaged = places.cache / "mnist" / NAMES[0]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    lines: list[str] = []
    digits = get(places, publish(mirror), lines)
    assert digits.source == "download" and [path for path, _ in mirror.visits] == [f"/set/{NAMES[0]}"]
    assert lines[0].startswith("The cached copy cannot be used: ") and NAMES[0] in lines[0]


def test_a_cache_that_holds_another_set_is_not_taken_for_mnist(places: Places, mirror: Mirror) -> None:
    write_set(places.cache / "mnist", make_arrays(train=30))
    assert get(places, publish(mirror)).source == "download"
    assert len(get(places, publish(mirror)).train_labels) == 40


def test_when_every_mirror_fails_the_small_digits_stand_in_and_say_so(places: Places) -> None:
    with run_mirror(PACKED, behaviours.fails_with(404)) as gone:
        lines: list[str] = []
        digits = get(places, publish(gone), lines)
    assert digits.source == "digits" and digits.train_images.shape[1:] == (8, 8)
    assert "1,797 8x8 digits instead" in digits.notice
    assert any(f"{gone.address}: HTTP 404" in line for line in lines)


def test_offline_nothing_is_asked(places: Places, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    lines: list[str] = []
    assert get(places, publish(mirror), lines).source == "digits"
    assert mirror.visits == [] and lines == ["DLTUI_OFFLINE is set, so no download was tried."]


def test_offline_the_cache_still_serves(
    places: Places, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(places, publish(mirror))
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    assert get(places, publish(mirror)).source == "cache"


def test_without_a_network_the_stand_in_is_there_within_seconds(places: Places) -> None:
    timeouts = replace(CALM, answer=1.0, answers=2.0)
    with ExitStack() as stack:
        silent = [stack.enter_context(run_mirror(PACKED, behaviours.never_answers)) for _ in range(4)]
        found = load(places, report=print, source=publish(*silent), timeouts=timeouts)
        assert found.source == "digits" and sum(len(mirror.visits) for mirror in silent) < 4


def test_the_split_parts_the_training_set_without_loss_or_overlap(places: Places, mirror: Mirror) -> None:
    parts = split(get(places, publish(mirror)))
    assert (len(parts.train), len(parts.validation)) == (36, 4)
    assert sorted([*parts.train, *parts.validation]) == list(range(40))


def test_the_split_is_a_function_of_the_seed(places: Places, mirror: Mirror) -> None:
    digits = get(places, publish(mirror))
    np.testing.assert_array_equal(split(digits).validation, split(digits, seed=42).validation)
    assert split(digits, seed=1).validation.tolist() != split(digits, seed=2).validation.tolist()


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_a_share_that_leaves_one_side_empty_is_refused(places: Places, mirror: Mirror, share: float) -> None:
    with pytest.raises(DataError, match="validation share"):
        split(get(places, publish(mirror)), validation=share)


@pytest.fixture(scope="module")
def real() -> Digits:
    if not REAL:
        pytest.skip("DLTUI_DATA is not set")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLTUI_DATA", REAL)
        return load(Places(Path("nowhere")), report=print)


def test_the_real_mnist_is_recognised_byte_for_byte(real: Digits) -> None:
    content = idx_bytes(real.train_images)
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == "6bbc9ace898e44ae57da46a324031adb"
    assert real.title == "MNIST" and real.source == "DLTUI_DATA" and real.notice == ""
    assert real.fingerprint == "ca679089cd9dd461d7b26e36e51216fc71f9271f8082e09656a7c1d29a50483b"


def test_the_real_mnist_has_its_known_shapes_labels_and_class_counts(real: Digits) -> None:
    assert real.train_images.shape == (60_000, 28, 28) and real.test_images.shape == (10_000, 28, 28)
    assert real.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert real.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(real.train_labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert np.bincount(real.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(float(real.train_images.mean()) / 255, 4) == 0.1307


def test_the_real_split_is_54000_to_6000(real: Digits) -> None:
    parts = split(real)
    assert (len(parts.train), len(parts.validation)) == (54_000, 6_000)
    assert len(set(parts.train.tolist()) | set(parts.validation.tolist())) == 60_000

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.data import mnist
from engine.data.idx import digest_idx
from engine.data.published_files import MNIST, DataSource, PublishedFile
from engine.errors import DataError
from engine.machine_protocol import Severity
from engine.places import Places
from engine.service.health import doctor
from engine.service.health.doctor import check_data_sets
from tests.engine.data.idx_files import NAMES, make_arrays, write_set

ARRAYS = make_arrays()
UNPACKED = tuple(name.removesuffix(".gz") for name in NAMES)
DOTTED = tuple(name.replace("-idx", ".idx") for name in UNPACKED)


@pytest.fixture(autouse=True)
def small_mnist(monkeypatch: pytest.MonkeyPatch) -> DataSource:
    """The small set in place of the published MNIST."""
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    files = tuple(
        PublishedFile(name, 1, "", digest_idx(array)) for name, array in zip(NAMES, ARRAYS, strict=True)
    )
    published = replace(MNIST, files=files)
    monkeypatch.setattr(doctor, "MNIST", published)
    return published


def packed(sets: Path, cache: Path) -> None:
    write_set(sets, ARRAYS)


def plain(sets: Path, cache: Path) -> None:
    write_set(sets / "mnist", ARRAYS, UNPACKED)


def dotted(sets: Path, cache: Path) -> None:
    write_set(sets / "MNIST/raw", ARRAYS, DOTTED)


def another_set(sets: Path, cache: Path) -> None:
    write_set(sets / "FashionMNIST/raw", make_arrays(train=30))


def turned_round(sets: Path, cache: Path) -> None:
    write_set(sets, (ARRAYS[0], 9 - ARRAYS[1], ARRAYS[2], 9 - ARRAYS[3]))


def nothing(sets: Path, cache: Path) -> None:
    (sets / "text").mkdir(parents=True)


def no_folder(sets: Path, cache: Path) -> None:
    pass


def three_of_four(sets: Path, cache: Path) -> None:
    packed(sets, cache)
    (sets / NAMES[3]).unlink()


def three_of_four_beside_a_cache(sets: Path, cache: Path) -> None:
    three_of_four(sets, cache)
    write_set(cache, ARRAYS)


def nothing_beside_a_cache(sets: Path, cache: Path) -> None:
    nothing(sets, cache)
    write_set(cache, ARRAYS)


def another_set_in_the_cache(sets: Path, cache: Path) -> None:
    nothing(sets, cache)
    write_set(cache, make_arrays(train=30))


def cut_cache(sets: Path, cache: Path) -> None:
    nothing_beside_a_cache(sets, cache)
    (cache / NAMES[0]).write_bytes((cache / NAMES[0]).read_bytes()[:-9])


def cut(sets: Path, cache: Path) -> None:
    packed(sets, cache)
    (sets / NAMES[2]).write_bytes((sets / NAMES[2]).read_bytes()[:-9])


def short(sets: Path, cache: Path) -> None:
    write_set(sets, ARRAYS, UNPACKED)
    (sets / UNPACKED[0]).write_bytes((sets / UNPACKED[0]).read_bytes()[:-9])


def long(sets: Path, cache: Path) -> None:
    write_set(sets, ARRAYS, UNPACKED)
    with (sets / UNPACKED[1]).open("ab") as file:
        file.write(b"?")


def swapped(sets: Path, cache: Path) -> None:
    write_set(sets, (ARRAYS[2], ARRAYS[3], ARRAYS[0], ARRAYS[1]))


def labels_for_images(sets: Path, cache: Path) -> None:
    write_set(sets, (ARRAYS[1], ARRAYS[0], ARRAYS[2], ARRAYS[3]))


def eleven_classes(sets: Path, cache: Path) -> None:
    write_set(sets, (ARRAYS[0], ARRAYS[1] + 3, ARRAYS[2], ARRAYS[3]))


def too_few_labels(sets: Path, cache: Path) -> None:
    write_set(sets, (ARRAYS[0], ARRAYS[1][:-1], ARRAYS[2], ARRAYS[3]))


def other_pixels(sets: Path, cache: Path) -> None:
    write_set(sets, (ARRAYS[0][:, :20, :20], ARRAYS[1], ARRAYS[2], ARRAYS[3]))


def dangling(sets: Path, cache: Path) -> None:
    packed(sets, cache)
    (sets / NAMES[1]).unlink()
    (sets / NAMES[1]).symlink_to("gone")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    "lay",
    [
        packed, plain, dotted, another_set, turned_round, nothing, no_folder, three_of_four,
        three_of_four_beside_a_cache, nothing_beside_a_cache, another_set_in_the_cache, cut_cache, cut, short,
        long, swapped, labels_for_images, eleven_classes, too_few_labels, other_pixels, dangling,
    ],
)  # fmt: skip
def test_the_doctor_reports_the_data_set_that_a_run_uses(
    lay: Callable[[Path, Path], None], named: bool, places: Places, tmp_path: Path, small_mnist: DataSource
) -> None:
    sets = tmp_path / "sets"
    lay(sets, places.cache / "mnist")
    there = replace(places, named_data=str(sets) if named else "")
    finding = check_data_sets(there)[0]
    try:
        digits = mnist.load(there, report=lambda text: None, source=small_mnist)
    except DataError as refused:
        assert (finding.severity, finding.text, finding.remedy) == (
            Severity.WARNING, refused.message, refused.remedy,
        )  # fmt: skip
        assert named
        return
    if digits.source == "digits":
        assert finding.severity is Severity.NOTE and "MNIST is not here yet" in finding.text
    else:
        assert finding.severity is Severity.OK and digits.title in finding.text
        assert ("not those of MNIST" in finding.text) == (digits.title != "MNIST")
        assert str(sets if digits.source == "DLTUI_DATA" else places.cache) in finding.text


def test_a_missing_file_and_a_missing_folder_are_reported(places: Places, tmp_path: Path) -> None:
    three_of_four(tmp_path / "sets", places.cache)
    assert NAMES[3] in check_data_sets(replace(places, named_data=str(tmp_path / "sets")))[0].text
    gone = check_data_sets(replace(places, named_data="/nowhere"))[0]
    assert gone.text == "The folder of data sets is /nowhere, which is not a folder."


def test_corpora_are_reported_with_their_folder(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    assert check_data_sets(places)[1].severity is Severity.NOTE
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "coco-captions.txt").write_text("a cat\n")
    found = check_data_sets(places)[1]
    assert found.severity is Severity.OK and f"captions is in {tmp_path / 'text'}" in found.text
    assert "wikitext-2 can be downloaded" in found.text


def test_a_corpus_that_is_not_a_file_is_a_warning(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    (places.cache / "text").mkdir(parents=True)
    (places.cache / "text" / "tinyshakespeare.txt").symlink_to("/nowhere/at/all")
    found = check_data_sets(places)[1]
    assert found.severity is Severity.WARNING and "tinyshakespeare.txt is no regular file" in found.text

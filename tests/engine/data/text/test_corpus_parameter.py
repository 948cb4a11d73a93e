"""A corpus by name, by path, from the cache, from a mirror, or not at all."""

from __future__ import annotations

import hashlib
import os
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from engine.data.download import Timeouts
from engine.data.published_files import PublishedFile
from engine.data.text.corpus_parameter import Corpus, CorpusRequest, open_corpus, parse
from engine.data.text.published_corpora import CORPORA, PublishedCorpus
from engine.data.text.published_corpus_path import corpora, find
from engine.data.text.text_file import TextFile
from engine.errors import DataError
from engine.places import Places
from tests.engine.data import mirror_server as behaviours
from tests.engine.data.mirror_server import Behaviour, Mirror, run_mirror

CONTENT = b"To be. Or not to be.\nThat is the question.\n" * 50
QUICK = Timeouts(answer=1.0, answers=2.0, silence=1.0, slowest=1.0, lock=5)


def packed() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in ("train", "valid", "test"):
            text = f" = {part} = \n \n It cost 1 @,@ 000 in {part} @-@ town . It 's dear .\n"
            archive.writestr(f"wikitext-2-raw/wiki.{part}.raw", text)
    return stream.getvalue()


def publish(name: str, content: bytes, *mirrors: Mirror) -> dict[str, PublishedCorpus]:
    """The corpus of that name, as if its content and its mirrors were these."""
    corpus, digest = CORPORA[name], hashlib.sha256(content).hexdigest()
    file = PublishedFile(corpus.file.name, len(content), digest, digest)
    addresses = tuple(mirror.url for mirror in mirrors)
    return {name: replace(corpus, source=replace(corpus.source, mirrors=addresses, files=(file,)))}


def get(
    places: Places, asked: str, published: dict[str, PublishedCorpus], lines: list[str] | None = None
) -> Corpus:
    return open_corpus(places, asked, (lines if lines is not None else []).append, QUICK, published)


def content(file: TextFile) -> bytes:
    with file.open() as stream:
        return stream.read()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sets" / "text").mkdir(parents=True)
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "sets"))
    return tmp_path / "sets" / "text"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    monkeypatch.delenv("DLTUI_OFFLINE", raising=False)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("captions", [CorpusRequest("captions")]),
        ("a.txt, b.txt", [CorpusRequest("a.txt"), CorpusRequest("b.txt")]),
        ("a.txt:prose:latin-1", [CorpusRequest("a.txt", "prose", "latin-1")]),
        (
            "a.txt:utf-16:lines,captions:prose",
            [CorpusRequest("a.txt", "lines", "utf-16"), CorpusRequest("captions", "prose")],
        ),
        ("odd:name", [CorpusRequest("odd:name")]),
    ],
)
def test_what_is_asked_for_is_understood(asked: str, wanted: list[CorpusRequest]) -> None:
    assert list(parse(asked)) == wanted


@pytest.mark.parametrize("asked", ["", " ", "a.txt,", ",captions"])
def test_an_empty_name_is_refused(asked: str) -> None:
    with pytest.raises(
        DataError, match="expected captions, tinyshakespeare, wikitext-2, embedded, or the path"
    ):
        parse(asked)


def test_a_file_with_a_comma_or_a_colon_in_its_name_is_that_file(tmp_path: Path) -> None:
    for name in ("one,two.txt", "a:prose"):
        (tmp_path / name).touch()
        assert parse(str(tmp_path / name)) == (CorpusRequest(str(tmp_path / name)),)


def test_the_users_folder_comes_first(places: Places, data: Path) -> None:
    (data / "tinyshakespeare.txt").write_bytes(CONTENT)
    with run_mirror({}, behaviours.serves) as mirror:
        (file,) = get(places, "tinyshakespeare", publish("tinyshakespeare", CONTENT, mirror)).files
        assert content(file) == CONTENT and file.layout == "prose" and mirror.visits == []


def test_a_file_of_the_users_that_is_not_as_published_is_used_and_said(places: Places, data: Path) -> None:
    (data / "tinyshakespeare.txt").write_bytes(CONTENT)
    lines: list[str] = []
    (file,) = get(places, "tinyshakespeare", dict(CORPORA), lines).files
    assert content(file) == CONTENT
    assert lines == [
        f"{data / 'tinyshakespeare.txt'} is not tiny Shakespeare as published: it is used as it is."
    ]


def test_a_folder_of_data_that_is_none_is_said(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_DATA", "/nowhere/at/all")
    with pytest.raises(DataError, match="The folder of data sets is /nowhere/at/all, which is not a folder"):
        get(places, "captions", dict(CORPORA))


def test_a_download_goes_into_the_cache_and_is_not_repeated(places: Places) -> None:
    with run_mirror({"tinyshakespeare.txt": CONTENT}, behaviours.serves) as mirror:
        published, lines = publish("tinyshakespeare", CONTENT, mirror), []
        for _ in range(2):
            (file,) = get(places, "tinyshakespeare", published, lines).files
            assert content(file) == CONTENT
        assert len(mirror.visits) == 1
    assert (places.cache / "text" / "tinyshakespeare.txt").read_bytes() == CONTENT
    assert "Downloading tinyshakespeare.txt: 100 %" in lines[-1]


def test_a_mirror_may_have_it_under_another_name(places: Places) -> None:
    with run_mirror({"input.txt": CONTENT}, behaviours.serves) as mirror:
        published = publish("tinyshakespeare", CONTENT)
        corpus = published["tinyshakespeare"]
        source = replace(corpus.source, mirrors=(f"{mirror.url}input.txt",))
        (file,) = get(places, "tinyshakespeare", {"tinyshakespeare": replace(corpus, source=source)}).files
    assert content(file) == CONTENT


@pytest.mark.parametrize(
    "behaviour",
    [behaviours.lies, behaviours.sends_a_web_page, behaviours.has_another_length, behaviours.fails_with(404)],
    ids=["lies", "web page", "other length", "404"],
)
def test_what_is_not_as_published_never_becomes_the_corpus(places: Places, behaviour: Behaviour) -> None:
    lines: list[str] = []
    with run_mirror({"tinyshakespeare.txt": CONTENT}, behaviour) as mirror:
        corpus = get(places, "tinyshakespeare", publish("tinyshakespeare", CONTENT, mirror), lines)
        assert mirror.address in lines[-1]
    assert corpus.files[0].name == "embedded" and "tinyshakespeare could not be found" in corpus.notice
    assert not (places.cache / "text" / "tinyshakespeare.txt").exists()


def test_a_damaged_cache_is_fetched_again(places: Places) -> None:
    (places.cache / "text").mkdir(parents=True)
    (places.cache / "text" / "tinyshakespeare.txt").write_bytes(CONTENT[:-1])
    with run_mirror({"tinyshakespeare.txt": CONTENT}, behaviours.serves) as mirror:
        (file,) = get(places, "tinyshakespeare", publish("tinyshakespeare", CONTENT, mirror)).files
        assert content(file) == CONTENT


def test_offline_the_cache_still_serves_and_nothing_is_asked(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    with run_mirror({"tinyshakespeare.txt": CONTENT}, behaviours.serves) as mirror:
        published, lines = publish("tinyshakespeare", CONTENT, mirror), []
        assert get(places, "tinyshakespeare", published, lines).notice
        assert lines == ["DLTUI_OFFLINE is set, so no download was tried."] and mirror.visits == []
        (places.cache / "text").mkdir(parents=True)
        (places.cache / "text" / "tinyshakespeare.txt").write_bytes(CONTENT)
        assert content(get(places, "tinyshakespeare", published).files[0]) == CONTENT


def test_captions_that_are_nowhere_are_replaced_and_the_folder_is_named(places: Places) -> None:
    corpus = get(places, "captions", dict(CORPORA))
    assert "reference manual inside Python instead" in corpus.notice and "DLTUI_DATA" in corpus.notice


def test_one_of_several_that_is_nowhere_is_an_error(places: Places) -> None:
    with pytest.raises(DataError, match=r"COCO captions .* is not here and has no download"):
        get(places, "captions,embedded", dict(CORPORA))


def test_a_zip_file_is_read_as_prose_without_headings(places: Places) -> None:
    archive = packed()
    with run_mirror({"wikitext-2-raw-v1.zip": archive}, behaviours.serves) as mirror:
        (file,) = get(places, "wikitext-2", publish("wikitext-2", archive, mirror)).files
    lines = [line.strip() for line in content(file).decode().split("\n") if line.strip()]
    assert lines == [f"It cost 1,000 in {part}-town . It's dear ." for part in ("train", "valid", "test")]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-30], "is a damaged zip file"),
        (lambda data: data.replace(b"valid", b"VALID"), "does not hold wikitext-2-raw/wiki.train.raw"),
        (lambda data: b"no zip at all", "is a damaged zip file"),
    ],
)
def test_a_zip_file_of_the_users_that_will_not_do_is_named(
    places: Places, data: Path, damage: object, message: str
) -> None:
    (data / "wikitext-2-raw-v1.zip").write_bytes(damage(packed()))
    with pytest.raises(DataError, match=message):
        get(places, "wikitext-2", dict(CORPORA))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(places: Places, data: Path) -> None:
    with zipfile.ZipFile(data / "wikitext-2-raw-v1.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in ("train", "valid", "test"):
            archive.writestr(f"wikitext-2-raw/wiki.{part}.raw", bytes(25 << 20))
    with pytest.raises(DataError, match="declares 78,643,200 bytes of text, expected at most"):
        get(places, "wikitext-2", dict(CORPORA))


def test_paths_are_looked_for_as_they_are_and_under_the_users_folder(
    places: Places, data: Path, tmp_path: Path
) -> None:
    (data / "mine.txt").write_text("in the folder")
    (tmp_path / "other.txt").write_text("elsewhere")
    files = get(places, f"mine.txt,{tmp_path / 'other.txt'}:prose", {}).files
    assert [content(file) for file in files] == [b"in the folder", b"elsewhere"]
    assert [file.layout for file in files] == ["", "prose"]


@pytest.mark.parametrize("asked", ["no such corpus", "/no/such/file", "a\0b", "~nobody-of-that-name/x"])
def test_a_path_that_is_not_there_is_named(places: Places, asked: str) -> None:
    with pytest.raises(DataError, match="There is no corpus"):
        get(places, asked, {})


def test_what_is_no_regular_file_is_refused_at_once(places: Places, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name, kind in (("pipe", "is a pipe"), (".", "is a folder"), ("link", "it is a link to")):
        with pytest.raises(DataError, match=kind):
            get(places, str(tmp_path / name), {})


def test_the_named_ones_are_listed_with_where_they_are(places: Places, data: Path) -> None:
    (data / "coco-captions.txt").touch()
    (places.cache / "text").mkdir(parents=True)
    (places.cache / "text" / "tinyshakespeare.txt").touch()
    rows = {row["name"]: row for row in corpora(places)}
    assert [row["origin"] for row in rows.values()] == ["DLTUI_DATA", "cache", "download", "embedded"]
    assert rows["captions"]["found"] == str(data / "coco-captions.txt")
    assert all(row["licence"] and row["about"] for row in rows.values())
    assert find(places, CORPORA["wikitext-2"]) is None

"""The filter language, against rows with known results and against any text."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import filter_fields, text_pattern
from engine.errors import DltuiError
from engine.protocol import Cause, CauseKind, ParentCheckpoint, Stopped, summary_from_json
from engine.service.index import filter_sql
from engine.service.index.filter_parser import And, Comparison, FilterError, Not, Or, SearchTerm, parse
from engine.service.index.index import Index, open_index
from engine.service.index.index_rows import IndexRow, row_of
from engine.table_protocol import Query
from tests.engine.service.rows import a_row, a_summary


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Five runs, a to e, that differ in the fields that the tests filter."""
    made = open_index(tmp_path / "index.sqlite")
    made.put([
        a_row("a", "xor", "done", {"val_loss": 0.05, "loss": 0.2},
              {"lr": 0.01, "loss": "bce", "bypass": True}),
        a_row("b", "xor", "running", {"val_loss": 0.5}, {"lr": 0.1, "loss": "mse", "bypass": False}),
        a_row("c", "mnist", "failed", {"val_loss": float("nan")}, {"lr": 0.01, "model": "mlp"}),
        a_row("d", "mnist", "done", {"val_loss": float("inf")}, {"lr": 1e-3, "model": "double_conv"}),
        a_row("e", "mnist", "queued", {}, {"lr": 0.01, "model": "mlp"}, live={"lr": 5.0}),
    ])  # fmt: skip
    changes = {
        "a": {"tags": ["best", "V1"]}, "b": {"tags": ["v2"], "note": "See log"},
        "e": {"created_at": time.time()},
    }  # fmt: skip
    for letter, facts in changes.items():
        row = made.get(made.find_ids(f"run-{letter}")[0])
        assert row is not None
        made.put([IndexRow({**row.summary, **facts}, row.tail)])
    yield made
    made.close()


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("", "abcde"),
        ("xor", "ab"),
        ("XOR done", "a"),
        ("run-c", "c"),
        ("mnist mlp", ""),
        ("val_loss<0.1", "a"),
        ("val_loss>0.1", "bd"),
        ("val_loss != 0.05", "bd"),
        ("not val_loss<0.1", "bcde"),
        ("val_loss<0.1 or status=queued", "ae"),
        ("val_loss<0.1 and lr>=0.01", "a"),
        ("experiment=mnist and not (model=mlp or status=queued)", "d"),
        ("experiment=MNIST model=mlp", "ce"),
        ("status!=done", "bce"),
        ("lr=0.01", "ac"),
        ("lr>1", "e"),
        ("loss=bce", "a"),
        ("loss<0.3", "a"),
        ("loss!=bce", "b"),
        ("bypass=yes", "a"),
        ("bypass=off", "b"),
        ("val_loss=nan", "c"),
        ('name="run-d"', "d"),
        ("name=run-d", "d"),
        ("seed=1 and step>=10", "abcde"),
        ("best<0.1", "a"),
        ("cause=error", "c"),
        ("device=cpu", "abcde"),
        ("(xor or queued) not running", "ae"),
        ("NOT done AND NOT xor", "ce"),
        ("missing_metric>0", ""),
        ("name~^run-[ab]$", "ab"),
        ("name ~ /RUN-(c|d)/ and not model~conv", "c"),
        ("name!~a$", "bcde"),
        ('name~"-[de]"', "de"),
        (r"name~/\w-\w/ xor", "ab"),
        ("model~^m", "ce"),
        ("model!~^m", "d"),
        ("hidden~1", ""),
        ("lr~^0\\.1", "b"),
        ("state=failed", "c"),
        ("tag:Best", "a"),
        ("tags:best or tag=v2", "ab"),
        ("tag!=best", "bcde"),
        ('tag=""', "cde"),
        ("tag~^b", "a"),
        ("tag!~.", "cde"),
        ('note="see log"', "b"),
        ('"see l"', "b"),
        ("age<1h", "e"),
        ("age>=1h30m", "abcd"),
        ("params.loss=bce", "a"),
        ("metrics.loss<1 or params.lr>4", "ae"),
        ("not missing_metric>0", "abcde"),
        ("'; DROP TABLE runs; --'", ""),
        ("100%", ""),
    ],
)
def test_a_filter_finds_the_matching_runs(index: Index, where: str, found: str) -> None:
    window = index.page(Query(where, "name", descending=False))
    names = "".join(sorted(_name(summary) for summary in window.summaries))
    assert (names, window.matching, window.total) == (found, len(found), 5)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("experiment=xor_lanes", "ab"),
        ("experiment=xor_batch", "ab"),
        ("experiment=XOR_Lanes done", "a"),
        ("experiment!=xor_lanes", "c"),
        ("not experiment=xor_batch", "c"),
        ("experiment=xor", "c"),
        ("xor_lanes", "ab"),
        ("xor_batch", "ab"),
        ("lanes", "ab"),
        ("batch", "ab"),
        ("xor", "abc"),
        ("not xor_lanes", "c"),
    ],
)
def test_runs_are_found_by_the_old_and_the_new_name_of_their_experiment(
    tmp_path: Path, where: str, found: str
) -> None:
    """Rows that were indexed before have the old name."""
    index = open_index(tmp_path / "index.sqlite")
    named = (("a", "xor_lanes", "done"), ("b", "xor_batch", "running"), ("c", "xor", "done"))
    index.put([a_row(*facts) for facts in named])
    rows = index.page(Query(where, "name", descending=False)).summaries
    assert "".join(_name(row) for row in rows) == found
    experiments = {summary_from_json(json.loads(row)).spec.experiment for row in rows}
    assert experiments <= {"xor_batch", "xor"}


@pytest.mark.parametrize("name", ["20241129", "007", "1e3", "nan", "true", "-5", "inf", "1_000"])
def test_a_text_that_is_a_number_is_compared_as_text(tmp_path: Path, name: str) -> None:
    """As the name of a run, the name of its sweep, and a parameter that is text."""
    run = a_summary("a", params={"corpus": name, "size": 3})
    run = replace(run, spec=replace(run.spec, name=name, sweep=name))
    other = a_summary("b", params={"corpus": "other", "size": 4})
    index = open_index(tmp_path / "index.sqlite")
    index.put([row_of(run, {}), row_of(other, {})])
    for where in (f"name={name}", f"sweep={name}", f"corpus={name}", f"corpus={name} size=3"):
        assert [json.loads(row)["name"] for row in index.page(Query(where)).summaries] == [name], where
    for where in (f"name!={name}", f"sweep!={name}", f"corpus!={name}"):
        assert [json.loads(row)["name"] for row in index.page(Query(where)).summaries] == ["run-b"], where


def test_a_sweep_is_found_by_its_name_the_start_of_its_id_and_its_last_digits(tmp_path: Path) -> None:
    ids = {"20260101-000000-xor-sweep-abcd": "7", "20260202-000000-xor-sweep-ef01": "two"}
    index = open_index(tmp_path / "index.sqlite")
    for letter, sweep in zip("ab", ids, strict=True):
        run = a_summary(letter)
        index.put([row_of(replace(run, spec=replace(run.spec, sweep=sweep)), {})])

    def found(where: str) -> str:
        return "".join(sorted(json.loads(row)["name"][-1] for row in index.page(Query(where), ids).summaries))

    assert [found(f"sweep={text}") for text in ("7", "TWO", "20260101", "ef01", "nobody", *ids)] == [
        "a", "b", "a", "b", "", "a", "b"]  # fmt: skip
    assert (found("sweep!=two"), found("not sweep=7"), found("sweep=7 or sweep=two")) == ("a", "b", "ab")


def test_children_are_found_by_their_parent_with_its_step_or_without(tmp_path: Path) -> None:
    index = open_index(tmp_path / "index.sqlite")
    parent = a_summary("a")
    index.put([row_of(parent, {})])
    for letter, step in zip("bc", (400, 900), strict=True):
        run, begun = a_summary(letter), ParentCheckpoint(parent.id, step, 1)
        index.put([row_of(replace(run, spec=replace(run.spec, parent=begun)), {})])

    def found(where: str) -> str:
        return "".join(sorted(json.loads(row)["name"][-1] for row in index.page(Query(where)).summaries))

    for text in (parent.id, parent.id[:15], parent.id[-4:], "RUN-A"):
        assert [found(f"parent={text}{step}") for step in ("", "@400", "@900", "@4")] == ["bc", "b", "c", ""]
    assert (found("parent!=run-a"), found("not parent=run-a@400"), found("parent=nobody")) == ("a", "ac", "")
    assert (found('parent=""'), found('parent!=""')) == ("a", "bc")


def test_pruned_can_be_filtered_as_a_status(tmp_path: Path) -> None:
    stopped = [replace(a_summary(letter), state=Stopped(1.0, Cause(kind, "")))
               for letter, kind in (("a", CauseKind.PRUNED), ("b", CauseKind.USER_STOP))]  # fmt: skip
    index = open_index(tmp_path / "index.sqlite")
    index.put([row_of(run, {}) for run in stopped])
    assert [json.loads(row)["name"] for row in index.page(Query("status=pruned")).summaries] == ["run-a"]
    assert [json.loads(row)["name"] for row in index.page(Query("status!=pruned")).summaries] == ["run-b"]


def test_unknown_fields_are_listed_in_the_page(index: Index) -> None:
    assert index.page(Query("nosuch>3 or val_loss<1", "wibble")).unknown == ("nosuch", "wibble")
    assert index.page(Query("val_loss<1 and lr=1 and bypass=yes and name=x", "model")).unknown == ()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("val_loss <", "Filter, position 11: expected a value after val_loss<, got the end."),
        ("val_loss<abc", "Filter, position 10: expected a number after val_loss<, got 'abc'."),
        ("(a or b", "Filter, position 8: expected a closing parenthesis, got the end."),
        ("a)", "Filter, position 2: expected and, or, or the end, got ')'."),
        ("and a", "Filter, position 1: expected a word or a comparison such as val_loss<0.1, got 'and'."),
        ("a or", "Filter, position 5: expected a word or a comparison such as val_loss<0.1, got the end."),
        ('name="x', "Filter, position 6: expected a closing quote, got '\"'."),
        ("a ! b", "Filter, position 3: expected !=, got '!'."),
        ("= 3", "Filter, position 1: expected a word or a comparison such as val_loss<0.1, got '='."),
        ("9lives=3", "Filter, position 1: expected the name of a field, got '9lives'."),
        ("lr=and", "Filter, position 4: expected a value after lr=, got 'and'."),
        ("status<3", "Filter: status is text, expected = or != or ~ or !~, got <."),
        ("name~(a|b)", "Filter, position 6: expected a regular expression in slashes after name~, got '('."),
        ("name~", "Filter, position 6: expected a regular expression in slashes after name~, got the end."),
        (
            "name~/(/",
            "Filter, position 7: expected a regular expression, got '(': missing ), unterminated "
            "subpattern at position 0.",
        ),
        ("step~3", "Filter: step is a number, expected < <= > >= = or !=, got ~."),
        ("age<soon", "Filter, position 5: expected an age such as 90s, 10m, 3h, 2d or 1w, got 'soon'."),
        ("age<3", "Filter, position 5: expected an age such as 90s, 10m, 3h, 2d or 1w, got '3'."),
        ("x" * 1001, "The filter has 1001 characters, expected 1000 at most."),
        ("(" * 40, "The filter is nested deeper than 24."),
        ("not " * 40 + "a", "The filter is nested deeper than 24."),
    ],
)
def test_a_syntax_error_is_reported_with_its_position(index: Index, where: str, message: str) -> None:
    with pytest.raises(DltuiError) as error:
        index.page(Query(where))
    assert error.value.message == message


def test_a_status_that_does_not_exist_is_refused_with_those_that_do(index: Index) -> None:
    with pytest.raises(DltuiError, match=r"expected a status .queued, running, .*got 'dnoe'"):
        index.page(Query("status=dnoe"))


def test_and_binds_closer_than_or_and_may_be_left_out() -> None:
    assert parse("a b or not c and d<1") == Or(
        (
            And((SearchTerm("a"), SearchTerm("b"))),
            And((Not(SearchTerm("c")), Comparison("d", "<", 1.0, 20, "1"))),
        )
    )


@pytest.mark.parametrize(
    ("sort", "descending", "order"),
    [
        ("created", True, "edcba"),
        ("created", False, "abcde"),
        ("name", False, "abcde"),
        ("val_loss", False, "abdec"),
        ("val_loss", True, "dbaec"),
        ("lr", True, "ebcad"),
        ("status", False, "becda"),
        ("experiment", False, "edcba"),
        ("model", False, "decba"),
        ("best", False, "abedc"),
        ("no_such_field", True, "edcba"),
    ],
)
def test_a_sort_orders_rows_and_puts_those_without_the_field_last(
    index: Index, sort: str, descending: bool, order: str
) -> None:
    window = index.page(Query("", sort, descending))
    assert "".join(_name(summary) for summary in window.summaries) == order


@pytest.mark.parametrize("sort", ["", "a b", 'x")', "x; DROP", "ü", "x" * 81])
def test_a_sort_by_an_invalid_name_is_refused(index: Index, sort: str) -> None:
    with pytest.raises(DltuiError, match="Expected the name of a field"):
        index.page(Query("", sort))


@given(st.text(max_size=60) | st.text(alphabet="ab<>=!()\"' notrd0.1-e", max_size=40))
def test_any_text_parses_or_is_refused_in_one_line(text: str) -> None:
    try:
        sql = filter_sql.where(text)
    except DltuiError as error:
        assert "\n" not in error.message
    else:
        assert sql.text.count("?") == len(sql.values)


def test_any_filter_that_parses_also_runs(index: Index) -> None:
    @given(st.text(alphabet="ab<>=!()\"' notrd0.1-e", max_size=40))
    def run(text: str) -> None:
        try:
            window = index.page(Query(text))
        except DltuiError:
            return
        assert window.matching <= window.total == 5

    run()


def _name(summary: bytes) -> str:
    return str(json.loads(summary)["name"])[-1]


def test_each_field_of_a_filter_is_stored_in_a_column_or_under_its_name_in_the_summary() -> None:
    child = a_summary("a")
    child = replace(child, spec=replace(child.spec, parent=ParentCheckpoint("run-b", 4, 1)))
    child = replace(child, peak_memory=1, peak_gpu_memory=1, gpu_use=1.0, gpu_idle=1.0, disk=1)
    summary = row_of(child, {}).summary
    for name in {*filter_fields.TEXTS, *filter_fields.NUMBERS} - {"age"}:
        assert name in filter_sql.NARROW or name in summary, name


def test_a_pattern_that_takes_too_long_is_an_error_and_leaves_the_index_as_it_is(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_pattern, "SECONDS", -1.0)
    with pytest.raises(DltuiError, match="regular expressions of the filter take more than"):
        index.page(Query("name~a"))
    monkeypatch.undo()
    assert index.page(Query("name~a")).matching == 1


def test_what_runs_used_is_compared_in_sizes_and_times_and_others_have_none(tmp_path: Path) -> None:
    found = open_index(tmp_path / "index.sqlite")
    measured = {
        "a": {"peak_memory": 3 << 30, "gpu_use": 31.0, "gpu_idle": 720.0},
        "b": {"peak_memory": 400 << 20},
        "c": {},
    }
    found.put([row_of(replace(a_summary(name), **facts), {}) for name, facts in measured.items()])  # type: ignore[arg-type]

    def names(where: str) -> str:
        page = found.page(Query(where, "name", descending=False))
        return "".join(sorted(_name(summary) for summary in page.summaries))

    assert [names(f"peak_memory{text}") for text in (">2GB", ">=400MB", "<0.5gib", f"={3 << 30}")] == [
        "a", "ab", "b", "a"]  # fmt: skip
    assert (names("gpu_use<50"), names("gpu_idle>5m"), names("gpu_idle>1h")) == ("a", "a", "")
    with pytest.raises(FilterError, match="position 13: expected a size such as 500MB or 2GB, got 'much'"):
        names("peak_memory>much")

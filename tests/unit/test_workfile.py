"""Work files: what went in comes out, a file is whole or not there, and very much takes no more memory."""

from __future__ import annotations

import os
import stat
import threading
import tracemalloc
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from avgflow.catalog.names import TableName
from avgflow.crypto import Keyring
from avgflow.workfile import CHUNK, Header, Reader, Row, WorkLost, Writer, path_of, whole, writing

NUMBER, STORE = "AVG-2026-00042", "crm"
NOTE, CALL, ODD = TableName("public", "note"), TableName("public", "call"), TableName("Audit", 'order "x".y')
KEYRING = Keyring([Fernet.generate_key().decode()], "a secret of sixteen or more")
ODD_VALUES = (
    None,
    "",
    " ",
    "\u00a0",
    "NaN",
    "9007199254740993",
    "{}",
    "null",
    "NULL",
    '{"a": "\\u0000"}',
    "\\x00ff",
    "regel één\r\nregel twee\ttab",
    "\u202eאבג 👩🏽‍🔧\U0010ffff",
    "\x00\x1f\x7f\u2028",
    "2024-10-27 02:30:00+01",
    "x" * 100_000,
)

Tables = dict[TableName, list[Row]]


def written(path: Path, tables: Tables, columns: int = 1) -> str:
    with writing(path, KEYRING) as writer:
        for name, rows in tables.items():
            writer.table(Header(name, tuple((f"column {n}", "text") for n in range(columns))))
            for row in rows:
                writer.row(row)
        return writer.finish()


def opened(path: Path) -> Reader:
    return Reader(path, KEYRING, NUMBER, STORE)


def read(path: Path) -> Tables:
    reader = opened(path)
    reader.verify()
    return {name: list(reader.rows(name)) for name in reader.counts}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return path_of(tmp_path, NUMBER, STORE)


def test_every_odd_value_comes_out_as_it_went_in(path: Path) -> None:
    tables = {NOTE: [Row("R1", (value,)) for value in ODD_VALUES], ODD: [Row(None, (value,)) for value in ODD_VALUES]}
    written(path, tables)
    assert read(path) == tables


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.none() | st.text(), st.lists(st.none() | st.text(), min_size=3, max_size=3)), max_size=CHUNK // 40
    )
)
def test_any_text_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("work") / "crm.sealed"
    tables = {NOTE: [Row(record_class, tuple(values)) for record_class, values in rows]}
    written(path, tables, columns=3)
    assert read(path) == tables


@pytest.mark.parametrize("rows", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_rows_are_counted_whatever_their_number(path: Path, rows: int) -> None:
    written(path, {CALL: [], NOTE: [Row("R2", (str(n),)) for n in range(rows)], ODD: [Row(None, ("last",))]})
    assert opened(path).counts == {CALL: 0, NOTE: rows, ODD: 1}
    assert [row.values[0] for row in opened(path).rows(NOTE)] == [str(n) for n in range(rows)]
    assert list(opened(path).rows(CALL)) == []
    assert list(opened(path).rows(ODD)) == [Row(None, ("last",))]


def test_a_table_is_read_as_often_as_needed(path: Path) -> None:
    written(path, {NOTE: [Row("R2", ("a",)), Row("R2", ("b",))]})
    reader = opened(path)
    assert list(reader.rows(NOTE)) == list(reader.rows(NOTE))


def test_columns_keep_their_types(path: Path) -> None:
    header = Header(ODD, (("jobTitle", "character varying(40)"), ("tags", "text[]")))
    with writing(path, KEYRING) as writer:
        writer.table(header)
        writer.finish()
    assert opened(path).header(ODD) == header


def test_the_digest_is_that_of_the_rows_not_of_the_sealed_bytes(path: Path) -> None:
    tables = {NOTE: [Row("R2", ("a",))]}
    first, sealed = written(path, tables), path.read_bytes()
    assert written(path, tables) == first == opened(path).digest
    assert path.read_bytes() != sealed


@pytest.mark.parametrize(
    "other",
    [
        {NOTE: [Row("R2", ("b",))]},
        {NOTE: [Row("R3", ("a",))]},
        {NOTE: [Row(None, ("a",))]},
        {NOTE: [Row("R2", (None,))]},
        {NOTE: [Row("R2", ("a",)), Row("R2", ("a",))]},
        {NOTE: []},
        {CALL: [], NOTE: [Row("R2", ("a",))]},
    ],
)
def test_other_rows_have_another_digest(path: Path, other: Tables) -> None:
    assert written(path, {NOTE: [Row("R2", ("a",))]}) != written(path, other)


def test_nothing_of_it_is_readable_on_disk(path: Path) -> None:
    written(path, {NOTE: [Row("R2", ("kanarie@example.nl",))]})
    assert b"kanarie" not in path.read_bytes()
    assert b"note" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("kept", [0, 1, 20, 0.5, 0.99, -2])
def test_a_file_that_is_cut_off_is_lost(path: Path, kept: float) -> None:
    written(path, {NOTE: [Row("R2", (str(n),)) for n in range(3 * CHUNK)]})
    whole_file = path.read_bytes()
    path.write_bytes(whole_file[: int(kept * len(whole_file)) if 0 < kept < 1 else int(kept)])
    with pytest.raises(WorkLost, match="What was collected from 'crm' for AVG-2026-00042 is not there"):
        opened(path).verify()


def test_a_file_of_another_key_is_lost(path: Path) -> None:
    written(path, {NOTE: [Row("R2", ("a",))]})
    with pytest.raises(WorkLost):
        Reader(path, Keyring([Fernet.generate_key().decode()], "a secret of sixteen or more"), NUMBER, STORE)


def test_a_file_that_is_not_there_is_lost(path: Path) -> None:
    with pytest.raises(WorkLost):
        opened(path)


def test_a_file_that_goes_while_it_is_read_is_lost(path: Path) -> None:
    written(path, {NOTE: [Row("R2", ("a",))]})
    reader = opened(path)
    path.unlink()
    with pytest.raises(WorkLost):
        list(reader.rows(NOTE))


def test_lines_of_the_same_file_that_changed_places_are_found(path: Path) -> None:
    written(path, {NOTE: [Row("R2", (f"{n:04}",)) for n in range(3 * CHUNK)]})
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
    with pytest.raises(WorkLost):
        opened(path).verify()


def _fail_after(writer: Writer) -> None:
    writer.table(Header(NOTE, (("body", "text"),)))
    writer.row(Row("R2", ("new",)))
    raise ZeroDivisionError


def test_a_writer_that_fails_leaves_the_former_file_and_nothing_else(path: Path) -> None:
    written(path, {NOTE: [Row("R2", ("former",))]})
    with pytest.raises(ZeroDivisionError), writing(path, KEYRING) as writer:
        _fail_after(writer)
    assert read(path) == {NOTE: [Row("R2", ("former",))]}
    assert list(path.parent.iterdir()) == [path]


def test_two_writers_at_once_do_each_other_no_harm(path: Path) -> None:
    """Two workers on two machines may have the same process id."""
    rows = {NOTE: [Row("R2", (str(n),)) for n in range(4 * CHUNK)]}
    together = threading.Barrier(2)

    def work() -> None:
        with writing(path, KEYRING) as writer:
            writer.table(Header(NOTE, (("body", "text"),)))
            together.wait()
            for row in rows[NOTE]:
                writer.row(row)
            writer.finish()
            together.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(path) == rows
    assert list(path.parent.iterdir()) == [path]


def test_any_file_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), whole(tmp_path / "a") as file:
        file.write(b"%d" % (1 / 0))
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_rows(path: Path) -> None:
    def most(rows: int) -> int:
        tracemalloc.start()
        with writing(path, KEYRING) as writer:
            writer.table(Header(NOTE, (("body", "text"),)))
            for n in range(rows):
                writer.row(Row("R2", (f"{n} {'x' * 200}",)))
            writer.finish()
        reader = opened(path)
        reader.verify()
        assert sum(1 for _ in reader.rows(NOTE)) == rows
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(CHUNK)
    assert most(40 * CHUNK) < 1.5 * most(4 * CHUNK)


def test_a_work_file_lies_in_the_folder_of_its_request(tmp_path: Path) -> None:
    assert path_of(tmp_path, NUMBER, STORE) == tmp_path / NUMBER / "crm.sealed"
    assert os.sep not in path_of(tmp_path, NUMBER, STORE).name

"""The truth about a demonstration world: which rows of which store belong to whom.

It follows from the owners that the row builders give each row, and from nothing else: neither the catalog nor a
database is read. A file of it is JSON Lines: the first line counts the rows of every table, each further line is a
subject. Tables are named as in the catalog with the store in front: `orders.public."order"`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from avgflow.demo.cast import Trait
from avgflow.demo.rows import Row
from avgflow.demo.stores import STORES, DemoStore
from avgflow.demo.world import Block, Person, World

Key = tuple[Any, ...]


@dataclass(frozen=True)
class TableRows:
    """Rows of one table: their primary keys, sorted; of a table without key, number and digest (see `digest`)."""

    rows: int
    keys: tuple[Key, ...] | None
    sha256: str | None = None


@dataclass(frozen=True)
class Others:
    """Other people who occur in a subject's rows, as written there; values that are also the subject's own left out."""

    names: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True)
class SubjectTruth:
    """One subject.

    `identifiers`: what to ask with; they lead to all of `owned`. `ambiguous_email`: the e-mail address alone leads to
    two people. `owned`: the subject's rows by table (tables without any are left out). `shared`: rows that hang only on
    something shared with `shared_with`, and are of neither by themselves.
    """

    id: str
    kind: str
    traits: tuple[str, ...]
    name: str
    identifiers: Mapping[str, str]
    ambiguous_email: bool
    owned: Mapping[str, TableRows]
    shared: Mapping[str, TableRows]
    shared_with: tuple[str, ...]
    others: Others


@dataclass
class TableCount:
    """How many rows a table has, and how many of them are nobody's, or shared."""

    rows: int = 0
    nobody: int = 0
    shared: int = 0

    def add(self, other: TableCount) -> None:
        self.rows += other.rows
        self.nobody += other.nobody
        self.shared += other.shared


@dataclass(frozen=True)
class BlockTruth:
    """The truth about one block of a world."""

    subjects: tuple[SubjectTruth, ...]
    tables: Mapping[str, TableCount]


@dataclass
class _Held:
    """What is gathered for one subject while the rows go by."""

    owned: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    shared: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    shared_with: set[str] = field(default_factory=set)
    mentions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def of_block(block: Block) -> BlockTruth:
    """The truth about a block, from the owners of its rows."""
    held: dict[str, _Held] = {person.id: _Held() for person in block.people}
    tables = {f"{store.name}.{table}": TableCount() for store in STORES.values() for table in store.keys}
    for store in STORES.values():
        for row in store.rows(block):
            table = f"{store.name}.{row.table}"
            count = tables[table]
            count.rows += 1
            count.nobody += not row.owners
            count.shared += row.shared
            key = _key(store, row)
            for owner in row.owners:
                mine = held[owner]
                (mine.shared if row.shared else mine.owned)[table].append(key)
                if row.shared:
                    mine.shared_with.update(o for o in row.owners if o != owner)
                for kind, value in row.mentions:
                    mine.mentions[kind].add(value)
    return BlockTruth(tuple(_subject(person, held[person.id]) for person in block.people), tables)


def digest(rows: Iterable[Sequence[Any]]) -> str:
    """SHA-256 over the sorted rows of a table without key, a JSON array per row, moments in UTC.

    The columns in the order of the table; the same whether the values come from the generator or from the database.
    """
    texts = sorted(json.dumps([_plain(value) for value in row], ensure_ascii=False) for row in rows)
    return sha256("\n".join(texts).encode()).hexdigest()


def write(path: Path, world: World, tables: Mapping[str, TableCount], lines: Iterable[str]) -> None:
    """Write a truth file from its parts; `lines` are `line`s."""
    header = {"world": asdict(world), "tables": {name: asdict(count) for name, count in tables.items()}}
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(header) + "\n")
        file.writelines(lines)


def line(subject: SubjectTruth) -> str:
    """A subject as a line of a truth file."""
    return json.dumps(subject, ensure_ascii=False, default=vars) + "\n"


def read_tables(path: Path) -> dict[str, TableCount]:
    """The row counts of a truth file."""
    with path.open(encoding="utf-8") as file:
        return {name: TableCount(**count) for name, count in json.loads(next(file))["tables"].items()}


def read_subjects(path: Path) -> Iterator[SubjectTruth]:
    """The subjects of a truth file, one by one."""
    with path.open(encoding="utf-8") as file:
        next(file)
        for text in file:
            fields = json.loads(text)
            for part in ("owned", "shared"):
                fields[part] = {table: _rows_of(held) for table, held in fields[part].items()}
            fields["others"] = Others(**{kind: tuple(values) for kind, values in fields["others"].items()})
            fields["traits"], fields["shared_with"] = tuple(fields["traits"]), tuple(fields["shared_with"])
            yield SubjectTruth(**fields)


def _rows_of(held: Mapping[str, Any]) -> TableRows:
    keys = held["keys"]
    return TableRows(held["rows"], None if keys is None else tuple(tuple(key) for key in keys), held["sha256"])


def _key(store: DemoStore, row: Row) -> Key:
    columns = store.keys[row.table]
    return tuple(row.values[column] for column in columns) if columns else tuple(row.values.values())


def _subject(person: Person, held: _Held) -> SubjectTruth:
    own = {person.name, person.email, person.login_email, person.phone}
    others = {kind: tuple(sorted(held.mentions[kind] - own)) for kind in ("name", "email", "phone")}
    sharing = Trait.SHARED_MAILBOX in person.traits
    identifiers = {"email": person.email}
    if person.organisation is not None and person.sole:
        identifiers["customer_number"] = person.organisation.customer_number
    if sharing and person.contact_number is not None:
        identifiers["contact_number"] = person.contact_number
    return SubjectTruth(
        id=person.id,
        kind=person.kind.value,
        traits=tuple(sorted(trait.value for trait in person.traits)),
        name=person.name,
        identifiers=identifiers,
        ambiguous_email=sharing,
        owned=_by_table(held.owned),
        shared=_by_table(held.shared),
        shared_with=tuple(sorted(held.shared_with)),
        others=Others(others["name"], others["email"], others["phone"]),
    )


def _by_table(held: Mapping[str, list[Key]]) -> dict[str, TableRows]:
    tables: dict[str, TableRows] = {}
    for table, keys in held.items():
        store, _, name = table.partition(".")
        if STORES[store].keys[name]:
            tables[table] = TableRows(len(keys), tuple(sorted(keys)))
        else:
            tables[table] = TableRows(len(keys), None, digest(keys))
    return tables


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value

"""The shape of a store's catalog file; `load` reads it, `drift` compares it with the database.

In outline (all of a table's columns must be listed; `none` says on purpose that a column is not personal):

    store: orders
    title: {nl: Orderadministratie, en: Order administration}
    connection: store_orders
    tables:
      public."order":
        title: {nl: Orders, en: Orders}
        key: [order_id]
        subject:                                   # one link, or a list of alternatives; `none`: nobody's rows
          - {customer_id: orders.public.customer.customer_id}
          - {contact_email: identifier}
          - {columns: {customer_number: identifier}, when: "legal_form = 'eenmanszaak'"}
        classes:
          - {class: R4, when: invoiced_on IS NOT NULL, term_from: invoiced_on}
          - {class: R3, term_from: closed_on}
        columns:
          contact_email: {category: contact, attribute: email, identifier: email, label: {nl: E-mail, en: E-mail}}
          entered_by:    {category: staff, third_party: true}
          internal_ref:  none
        erase: delete
        stops:                                     # what an objection or a withdrawn consent sets
          - {scope: marketing, when: no_mail IS NOT TRUE, set: {no_mail: 'true'}}
        on_consent: opted_in_at IS NOT NULL        # which rows rest on consent, where a class may also not
        restricts:                                 # what a restriction sets, and what its end sets
          - {when: restricted_at IS NULL, set: {restricted_at: now()}, lift: {restricted_at: 'NULL'}}
        lapses:                                    # columns with a shorter term than their row
          - {class: R2, term: audio, term_from: started_at, sweep: {recording: 'NULL'}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from avgflow.catalog.links import IDENTIFIER, Link
from avgflow.catalog.marks import Mark, Restrict, Stop
from avgflow.catalog.names import ColumnName, TableName
from avgflow.catalog.termed import Lapse, RowClass, Termed
from avgflow.configuration import Document, Strict

DECIDE = "decide"
"""What a drafted catalog (`avgflow catalog init`) says where a human has to decide; it does not load."""


def _decided(value: Any, remedy: str) -> None:
    if value == DECIDE:
        raise ValueError(f"not decided yet; {remedy}")


class Text(Strict):
    """A text in Dutch and English."""

    nl: str = Field(min_length=1)
    en: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: Any) -> Any:
        _decided(value, "give the text in Dutch and English ({nl: …, en: …})")
        return value

    def in_(self, language: str) -> str:
        """The text in `nl` or `en`; any other language gets Dutch."""
        return self.en if language == "en" else self.nl


class Column(Strict):
    """What one column holds.

    `category`: a data category of the policy. `attribute`: its semantic name (`email`, `full_name`, `address`, …), by
    which rectification finds every copy. `identifier`: the kind of identifier it holds (`email`, `customer_number`, …):
    by it rows are found, and its values lead to further rows. `third_party`: it names somebody else (staff included)
    and is pseudonymised in an access copy (art. 15(4)). `secret`: never leaves (password hashes). `free_text`: may name
    anyone; names of others in it are pseudonymised. `file_name` (bytea only): the column with the file's own name.
    `values`: what a stored code means to a person; the report shows that, the export the code. `erase: anonymise`:
    emptied in a row that has to stay (a ground that needs the row does not need this column); `erase_to`: SQL over the
    row's columns for the value it then gets, instead of NULL or a random one. `shows`: the attributes that it repeats
    in a text of its own (the name and address printed on an invoice).
    """

    personal: bool = True
    category: str | None = None
    label: Text | None = None
    attribute: str | None = None
    identifier: str | None = None
    origin: Literal["provided", "observed", "derived", "third party"] = "provided"
    purpose: int | None = None
    free_text: bool = False
    secret: bool = False
    third_party: bool = False
    file_name: str | None = None
    values: dict[str, Text] = Field(default_factory=dict)
    erase: Literal["anonymise"] | None = None
    erase_to: str | None = None
    shows: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        _decided(value, "say what the column holds ({category: …, label: …}), or 'none' where it is not personal")
        if value == "none":
            return {"personal": False}
        if isinstance(value, dict) and value.get("third_party") and "origin" not in value:
            # Whoever is named in it, the person did not provide it.
            return {**value, "origin": "third party"}
        return value

    @model_validator(mode="after")
    def _categorised(self) -> Column:
        if self.personal and self.category is None:
            raise ValueError("give the column a category, or write 'none' where it holds no personal data")
        return self


def _links(value: Any) -> Any:
    _decided(value, "say how a row belongs to a person ({column: identifier}), or 'none' where it is nobody's")
    if value == "none":
        return ()
    return value if isinstance(value, (list, tuple)) else [value]


def _classes(value: Any) -> Any:
    _decided(value, "say of which record class the rows are ([{class: R1}])")
    return value


class Table(Strict):
    """One table, view or materialised view of a store, with every one of its columns.

    `person`: each row stands for one natural person; two rows behind one identifier are then a question for a human,
    unless they agree in the columns that `person` names (an address that subscribed twice is one subscriber).
    `people`: columns with full names of people, by which other people are recognised in free text.
    `access: false` (with `why`): rows are not part of an access copy (a plain view repeats what its tables hold).
    `erase`: what becomes of a row that may go: `delete`, or `anonymise` where the row is needed without the person.
    `running`: SQL over its columns; while it holds for any of a person's rows, a contract with them runs. `history`:
    filled by the store's own triggers, so that what an erasure itself makes there is removed again. `stops`: the marks
    by which the store itself knows that somebody objected; `restricts`: those by which it knows that a row may not be
    used for the time being. `lapses`: columns that are kept shorter than their row. `rectify: annotate`: its rows
    must stay as they are (issued invoices); what is right is noted beside them. `on_consent`: SQL over its columns
    that holds for the rows that rest on the person's consent (art. 6(1)(a)), where rows of the same class can also
    rest on something else.
    """

    title: Text
    kind: Literal["table", "view", "materialized view"] = "table"
    key: tuple[str, ...] = ()
    person: bool | tuple[str, ...] = False
    people: tuple[str, ...] = ()
    subject: Annotated[tuple[Link, ...], BeforeValidator(_links)]
    classes: Annotated[tuple[RowClass, ...], BeforeValidator(_classes)] = ()
    columns: dict[str, Column]
    erase: Literal["delete", "anonymise"] = "delete"
    running: str | None = None
    history: bool = False
    stops: tuple[Stop, ...] = ()
    restricts: tuple[Restrict, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    rectify: Literal["correct", "annotate"] = "correct"
    on_consent: str | None = None
    access: bool = True
    why: Text | None = None

    @property
    def person_columns(self) -> tuple[str, ...]:
        """The columns in which rows of one person agree; none where each row is a person."""
        return self.person if isinstance(self.person, tuple) else ()

    @model_validator(mode="after")
    def _whole(self) -> Table:
        known = set(self.columns)
        named = {
            **dict.fromkeys(self.key, "key"),
            **dict.fromkeys(self.person_columns, "person"),
            **dict.fromkeys(self.people, "people"),
            **{column: "subject" for link in self.subject for column in link.columns},
            **{c.term_from: "term_from" for c in self.termed if c.term_from},
            **{column: "sweep" for c in self.termed for column in c.sweep},
            **{c.file_name: "file_name" for c in self.columns.values() if c.file_name},
            **{column: "stops" for stop in self.stops for column in stop.set},
            **{column: "restricts" for restrict in self.restricts for column in restrict.set},
        }
        for column, place in named.items():
            if column not in known:
                raise ValueError(
                    f"{place} names column '{column}', which is not under columns; add it or correct the name"
                )
        for link in self.subject:
            for column, target in link.columns.items():
                if target == IDENTIFIER and self.columns[column].identifier is None:
                    raise ValueError(
                        f"column '{column}' is an identifier by subject; say of which kind: identifier: email, …"
                    )
        if self.subject and not self.classes:
            raise ValueError("give the table a record class (classes: [{class: R1}])")
        if self.person and not self.key:
            raise ValueError("a table of persons needs its key")
        self._check_marks()
        self._check_sweeps()
        if not self.access and self.why is None:
            raise ValueError("say why its rows are not in an access copy (why: {nl: …, en: …})")
        return self

    def _check_marks(self) -> None:
        if self.marks and (not self.key or self.kind != "table"):
            raise ValueError(
                "what an objection or a restriction sets (stops, restricts) is set by key, in a table; give its key, "
                "or take it out"
            )
        values: dict[str, str] = {}
        for place, marks in (("stops", self.stops), ("restricts", self.restricts)):
            for column, value in ((column, value) for mark in marks for column, value in mark.set.items()):
                if column in self.key:
                    raise ValueError(f"{place} sets column '{column}', which is of the key; set another")
                if values.setdefault(column, value) != value:
                    raise ValueError(f"{place} sets column '{column}' to two values; give one")
        if shared := {column for stop in self.stops for column in stop.set} & self.lifts.keys():
            raise ValueError(f"stops and restricts both set column '{min(shared)}'; the end of one would end the other")

    @property
    def termed(self) -> tuple[Termed, ...]:
        """Everything in it that has a term: its rows by class, then columns with a shorter one."""
        return (*self.classes, *self.lapses)

    def _check_sweeps(self) -> None:
        for rows in self.termed:
            if shared := set(rows.sweep) & set(self.key):
                raise ValueError(f"sweep sets column '{min(shared)}', which is of the key; set another")
            if rows.sweep and not self.key:
                raise ValueError("what a sweep sets (sweep: {…}) is set by key; give the table its key")
            if rows.sweep.get(rows.term_from or "", "").strip().upper() == "NULL":
                raise ValueError(
                    f"sweep empties '{rows.term_from}', from which the term counts; leave it, or make it coarser "
                    f"(date_trunc('month', …))"
                )
        if self.lapses and not self.classes:
            raise ValueError("lapses are columns kept shorter than their row; say under classes how long that is kept")
        if any(rows.follows for rows in self.classes) and not any(link.targets for link in self.subject):
            raise ValueError("follows: true, but no link under subject refers to another row; give term_from instead")

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Everything that may be set in a row."""
        return (*self.stops, *self.restricts)

    @property
    def sets(self) -> dict[str, str]:
        """The SQL for each column that an objection or a restriction sets."""
        return {column: value for mark in self.marks for column, value in mark.set.items()}

    @property
    def lifts(self) -> dict[str, str]:
        """The SQL for each column that the end of a restriction sets."""
        return {column: value for restrict in self.restricts for column, value in restrict.lift.items()}


def _table_name(value: Any) -> TableName:
    return value if isinstance(value, TableName) else TableName.parse(str(value))


class Store(Strict):
    """One store: a PostgreSQL database reached through an Airflow connection."""

    store: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Text
    connection: str
    tables: dict[Annotated[TableName, BeforeValidator(_table_name)], Table]

    @property
    def pool(self) -> str:
        """The Airflow pool that bounds how many tasks work on this store at once."""
        return f"store_{self.store}"

    @field_validator("tables", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("list the tables: schema.table: {…}")
        seen: dict[TableName, Any] = {}
        for key in value:
            name = _table_name(key)
            if name in seen:
                raise ValueError(f"'{seen[name]}' and '{key}' are one table; take one of the two out")
            seen[name] = key
        return value


class Catalog(Strict):
    """All stores, by name."""

    stores: dict[str, Store]
    _files: dict[str, Document] = PrivateAttr(default_factory=dict)

    @classmethod
    def of(cls, files: Mapping[str, tuple[Document, Store]]) -> Catalog:
        """A catalog that knows in which file each store is described."""
        catalog = cls(stores={name: store for name, (_, store) in files.items()})
        catalog._files.update({name: document for name, (document, _) in files.items()})
        return catalog

    def place(self, store: str, table: TableName, *location: int | str) -> str:
        """Where a part of a table's description stands (`file:line: table`), for a message about it."""
        document = self._files.get(store)
        if document is None:
            return f"{store}.{table}"
        return f"{document.place('tables', *_written(document, table), *location)}: {table}"

    def tables(self) -> Iterator[tuple[Store, TableName, Table]]:
        """Every table of every store, in the order of the files."""
        for store in self.stores.values():
            for name, table in store.tables.items():
                yield store, name, table

    @property
    def correctable(self) -> frozenset[str]:
        """The attributes that a person can have corrected: what somebody provided, in a table that may change."""
        return frozenset(
            column.attribute
            for _, _, table in self.tables()
            if table.kind == "table" and table.subject and table.rectify == "correct" and not table.history
            for column in table.columns.values()
            if column.attribute and column.origin != "derived" and not column.third_party
        )

    def column(self, name: ColumnName) -> Column | None:
        """The column, or None where the catalog has no such column."""
        store = self.stores.get(name.store)
        table = store.tables.get(name.table) if store else None
        return table.columns.get(name.column) if table else None


def _written(document: Document, table: TableName) -> tuple[str, ...]:
    """The table's name as it is written in the file (quotes are a matter of taste)."""
    return tuple(key for key in document.keys("tables") if TableName.parse(key) == table)

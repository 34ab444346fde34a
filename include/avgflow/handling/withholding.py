"""Leaving single rows out of an access copy (UAVG art. 41(1)), with two officers; and telling that something was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError, ToldTwice
from avgflow.handling import second_officer
from avgflow.handling.environment import Environment
from avgflow.identity import Footprint, Key
from avgflow.intake import day_in_amsterdam
from avgflow.register import events, withholdings
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.withholdings import Withheld, Withholding, WithholdingGround
from avgflow.stores import presence


class NoSuchRow(ToldTwice):
    """A row to withhold is not in the catalog, or not in the store."""

    def __init__(self, why: str, nl: str) -> None:
        super().__init__(
            f"{why} Write the table as STORE.SCHEMA.TABLE, such as crm.public.note, and the key as the store has it, "
            f"its parts in the order of the catalog.",
            nl,
        )


class WrongUntil(AvgflowError):
    """A row was to be withheld until a day that is over."""

    def __init__(self) -> None:
        super().__init__("The last day of a withholding lies in the past. Give a later one, or leave it out.")


def place(
    env: Environment, where: str, key: Sequence[str], ground: WithholdingGround, until: date | None, actor: str
) -> Withholding:
    """Propose to withhold one row; it must be there. `NoSuchRow`, `WrongUntil`."""
    store, _, written = where.partition(".")
    described = env.catalog.stores.get(store)
    name = next((one for one in (described.tables if described else ()) if str(one) == written), None)
    if described is None or name is None or not described.tables[name].subject or not described.tables[name].key:
        raise NoSuchRow(
            "The catalog has no such table with rows of people that have a key.",
            "In de gegevenskaart staat geen tabel met deze naam, of de rijen hebben geen sleutel. Kies een andere.",
        )
    if len(key) != len(described.tables[name].key):
        raise NoSuchRow(
            f"The key of {where} has {len(described.tables[name].key)} parts.",
            f"De sleutel van deze tabel heeft {len(described.tables[name].key)} delen. Vul die allemaal in.",
        )
    if until is not None and until < day_in_amsterdam():
        raise WrongUntil
    _require_row(env, store, name, tuple(key))
    with transaction(env.register) as register:
        return withholdings.place(register, env.keyring, store, name, tuple(key), ground, until, actor)


def confirm(env: Environment, id_: int, actor: str) -> Withholding:
    """Have a proposed withholding hold from now on; `ChoiceRefused` where it takes another officer."""
    with transaction(env.register) as register:
        proposed = withholdings.get(register, id_)
        second_officer.require(env, {proposed.placed_by}, actor, "To withhold something", second_officer.PROPOSED)
        return withholdings.confirm(register, env.keyring, id_, actor)


def standing(env: Environment) -> Withheld:
    """What is withheld now."""
    with transaction(env.register) as register:
        return withholdings.standing(register, env.keyring)


Rows = Iterable[tuple[str | None, tuple[str | None, ...]]]


def left(
    withheld: Withheld, store: str, name: TableName, at: Sequence[int], rows: Callable[[], Rows]
) -> Callable[[], Iterator[tuple[str | None, tuple[str | None, ...]]]]:
    """The rows of a table that are not withheld; `at`: where the parts of the key stand among a row's values."""

    def remaining() -> Iterator[tuple[str | None, tuple[str | None, ...]]]:
        for record_class, values in rows():
            if not withheld.row(store, name, _key(values, at)):
                yield record_class, values

    return remaining


def _key(values: tuple[str | None, ...], at: Sequence[int]) -> Key:
    return tuple(values[place_] or "" for place_ in at)


def note(env: Environment, number: str, store: str, name: TableName, rows: int) -> None:
    """Put on record that rows were left out of an answer, once."""
    with transaction(env.register) as register:
        facts = {"store": store, "table": str(name), "rows": rows}
        told = (e.detail for e in events.history(register, number) if e.name == EventName.ITEMS_WITHHELD)
        if facts in map(dict, told):
            return
        events.append(register, env.keyring, EventName.ITEMS_WITHHELD, number, detail=facts)


def _require_row(env: Environment, store: str, name: TableName, key: Key) -> None:
    with env.view(store) as view:
        target = next(one for one in view.targets(store) if one.name == name)
        if not presence.present(view.connections[store], target, Footprint(), [key]):
            raise NoSuchRow(
                "The store has no row with that key.", "In het systeem is geen rij met deze sleutel. Kijk hem na."
            )

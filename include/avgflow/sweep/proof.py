"""What a sweep is proven by: of each table, what was to go against what went and what is there now. Figures only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import Connection

from avgflow.catalog.models import Store
from avgflow.completeness.verdict import Check, Proof
from avgflow.sweep.conditions import Part, Terms, catalogued, column, relation
from avgflow.sweep.rules import Rule


@dataclass(frozen=True)
class Swept:
    """One table after a sweep. All figures are numbers of rows.

    `planned`: that might go by the preview; `parts`: in all parts together; `changed`: that went, or had columns
    emptied; `undone`: in parts that were not carried out, though nobody stopped the sweep. `missed`: that count as gone
    and are there still, past their term; `beyond`: changed beyond the preview; `early`: whose term was not past by the
    calendar. `past`: past their term now, by the sweep's own count of the rules that delete by a date, and `recounted`
    by one that shares nothing with it.

    For information: `left`: that might go, had changed when their turn came, and are past their term; `open`: in parts
    that a human stopped before their turn; `late`: past their term now, and not yet when it was counted; `held`: held
    back, each with its reason.
    """

    store: str
    table: str
    planned: int = 0
    parts: int = 0
    changed: int = 0
    undone: int = 0
    missed: int = 0
    beyond: int = 0
    early: int = 0
    past: int = 0
    recounted: int = 0
    left: int = 0
    open: int = 0
    late: int = 0
    held: int = 0


CHECKS = (
    Check("as_counted", "de opdracht is wat vooraf geteld is", "it was to take what was counted", "parts", "planned"),
    Check("done", "alles is uitgevoerd", "everything was carried out", "undone"),
    Check("gone", "wat weg is geteld, is er niet meer", "what counts as gone is gone", "missed"),
    Check("within", "niets ging buiten wat vooraf geteld is", "nothing went beyond what was counted", "beyond"),
    Check(
        "not_early", "niets ging voor het einde van zijn termijn", "nothing went before the end of its term", "early"
    ),
    Check(
        "recounted",
        "een tweede telling vindt evenveel dat over zijn termijn is",
        "an independent count finds as much past its term",
        "past",
        "recounted",
    ),
)


def tables_of(store: Store) -> list[str]:
    """The tables of a store that have a term."""
    return [str(name) for name, table in store.tables.items() if table.kind == "table" and table.termed]


SWEEP = Proof("sweep", CHECKS, tables_of)
"""That a sweep took what was counted beforehand, and nothing else."""


def recounted(rule: Rule) -> bool:
    """Whether rows of a rule are counted a second time: those that go by a date of their own."""
    return rule.term_from is not None and rule.term.period is not None and not rule.sets and not rule.lapse


def recount(connection: Connection, terms: Terms, rules: Iterable[Rule]) -> int:
    """Rows of one table that are past their term by these rules, as PostgreSQL's own calendar has it."""
    found = 0
    for rule in rules:
        table = terms.targets[rule.table].table
        whens = [
            sql.SQL("WHEN {} THEN {}").format(catalogued(rows.when or "true"), sql.Literal(nth))
            for nth, rows in enumerate(table.classes)
        ]
        statement = sql.SQL("SELECT count(*) FROM {} WHERE CASE {} END = {} AND ({})::date < {}").format(
            relation(rule.table),
            sql.SQL(" ").join(whens),
            sql.Literal(rule.nth),
            _last_day(rule),
            sql.Literal(terms.day),
        )
        found += int(connection.exec_driver_sql(statement.as_string()).scalar_one())
    return found


def _last_day(rule: Rule) -> Part:
    """The last day on which a row is kept, by interval arithmetic of the database."""
    day: Part = sql.SQL("{}::date").format(column(rule.table, str(rule.term_from)))
    if rule.term.year_end:
        day = sql.SQL("(date_trunc('year', {}) + interval '1 year' - interval '1 day')").format(day)
    return sql.SQL("{} + {}::interval").format(day, sql.Literal(rule.term.period))

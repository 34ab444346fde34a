"""When rows are past their term, as SQL over one table.

The table stands in the statement under its own name, for the conditions of the catalog call it by that. Names are
quoted and dates written by psycopg; only the catalog's own conditions are SQL text, with nothing to fill in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from avgflow.catalog.links import Link
from avgflow.catalog.models import Table
from avgflow.catalog.names import TableName
from avgflow.identity import BLANKS_SQL
from avgflow.stores.selection import Target
from avgflow.sweep.rules import Rule, past_before

FALSE = sql.SQL("false")
Part = sql.Composable


@dataclass(frozen=True)
class Terms:
    """The rules of one store on a day, and its tables: what the conditions are made from."""

    day: date
    targets: Mapping[TableName, Target]
    rules: tuple[Rule, ...]

    def of(self, table: TableName) -> list[Rule]:
        """The rules by which rows of a table go or are anonymised, without those for columns alone."""
        return [rule for rule in self.rules if rule.table == table and not rule.lapse]

    def past(self, rule: Rule) -> Part:
        """Whether a row is of the rule and past its term."""
        target = self.targets[rule.table]
        if rule.follows:
            late = _any(self._followed(target))
        else:
            before = past_before(rule.term, self.day)
            if before is None or rule.term_from is None:
                return FALSE
            late = sql.SQL("{} < {}::{}").format(
                column(rule.table, rule.term_from), sql.Literal(before), type_(target, rule.term_from)
            )
        return _all([*of_rule(target.table, rule), late, *self._unset(target, rule)])

    def undated(self, rule: Rule) -> Part | None:
        """Whether a row is of the rule and has no date; None where the rule has no column for it."""
        if rule.term_from is None or rule.term.period is None:
            return None
        target = self.targets[rule.table]
        return _all([*of_rule(target.table, rule), sql.SQL("{} IS NULL").format(column(rule.table, rule.term_from))])

    def counts_from(self, rule: Rule) -> Part:
        """The day, in the Netherlands, from which the term of a row counts that is past it; NULL where it follows
        another row.
        """
        if rule.term_from is None:
            return sql.SQL("NULL::date")
        # A calendar of ours begins there: PostgreSQL's own goes back to -infinity.
        return sql.SQL("greatest(({})::date, {})").format(column(rule.table, rule.term_from), sql.Literal(date.min))

    def whose(self, table: TableName, depth: int = 4) -> Part:
        """Text that tells whose a row is from whose it is not, as far as this store alone knows; NULL: nobody's."""
        target = self.targets[table]
        if target.table.person:
            # A row of a company is nobody's, where each of the ways to it is for people only.
            whens = [catalogued(link.when) for link in target.table.subject if link.when]
            key = _joined(str(target.name), [column(target.name, name) for name in sorted(target.table.key)])
            return _only(_any(whens), key) if len(whens) == len(target.table.subject) else key
        found = []
        for link in target.table.subject:
            by = self._by_link(target, link, depth)
            if by is not None:
                found.append(_only(catalogued(link.when), by) if link.when else by)
        return sql.SQL("coalesce({})").format(sql.SQL(", ").join(found)) if found else sql.SQL("NULL::text")

    def _by_link(self, target: Target, link: Link, depth: int) -> Part | None:
        if link.is_identifier:
            (name,) = link.columns
            return _joined(target.table.columns[name].identifier or "", [normal(column(target.name, name))])
        place = link.targets[0]
        names = [part.column for part in link.targets]
        own: list[Part] = [column(target.name, name) for name in link.columns]
        parent = self.targets.get(place.table) if place.store == target.store.store else None
        if parent is None or (_each_a_person(parent) and set(names) == set(parent.table.key)):
            return _joined(str(place.table), [own[names.index(name)] for name in sorted(names)])
        if place.table == target.name or depth == 0:
            return None
        return sql.SQL("(SELECT {} FROM {} WHERE {} LIMIT 1)").format(
            self.whose(place.table, depth - 1), relation(place.table), _equal(place.table, names, own)
        )

    def _followed(self, target: Target) -> list[Part]:
        """For each row that a row can belong to: that it is past its term itself."""
        found: list[Part] = []
        for link in target.table.subject:
            if not link.targets or link.targets[0].store != target.store.store:
                continue
            place = link.targets[0].table
            rules = [rule for rule in self.of(place) if not rule.sets]
            # A row that follows one of its own table would never come to an end.
            if place == target.name or not rules:
                continue
            own = [column(target.name, name) for name in link.columns]
            names = [part.column for part in link.targets]
            found.append(
                sql.SQL("EXISTS (SELECT FROM {} WHERE {} AND {})").format(
                    relation(place), _equal(place, names, own), _any([self.past(rule) for rule in rules])
                )
            )
        return found

    def _unset(self, target: Target, rule: Rule) -> list[Part]:
        """That something is left of what the rule takes out of a row."""
        if not rule.sets:
            return []
        left = [
            sql.SQL("{} IS NOT NULL").format(column(rule.table, name))
            if value.strip().upper() == "NULL"
            else sql.SQL("({})::text IS DISTINCT FROM ({})::text").format(column(rule.table, name), catalogued(value))
            for name, value in rule.sets
        ]
        return [_any(left)]


def _each_a_person(target: Target) -> bool:
    """Whether every row of a table is a person, without a look at the row."""
    return bool(target.table.person) and not all(link.when for link in target.table.subject)


def of_rule(table: Table, rule: Rule) -> list[Part]:
    """That a row is of the rule's class: the first whose condition holds; of columns alone, its own condition."""
    if rule.lapse:
        when = table.lapses[rule.nth].when
        return [catalogued(when)] if when else []
    found: list[Part] = []
    for earlier in table.classes[: rule.nth]:
        # A class without a condition takes every row that comes to it.
        found.append(
            sql.SQL("NOT coalesce({}, false)").format(catalogued(earlier.when)) if earlier.when is not None else FALSE
        )
    when = table.classes[rule.nth].when
    return [*found, *([catalogued(when)] if when else [])]


def catalogued(text: str) -> Part:
    """A condition or value of the catalog; a percent sign in it is no place for a parameter."""
    return sql.SQL("({})").format(sql.SQL(text.replace("%", "%%")))


def relation(name: TableName) -> sql.Identifier:
    """A table by its full name."""
    return sql.Identifier(name.schema, name.table)


def column(table: TableName, name: str) -> sql.Identifier:
    """A column, called by its table's name."""
    return sql.Identifier(table.table, name)


def normal(value: Part) -> Part:
    """An identifier's normal form, as `avgflow.identity.normal` has it and as its index is made of."""
    return sql.SQL("lower(btrim({}::text, {}))").format(value, sql.SQL(BLANKS_SQL))


def type_(target: Target, name: str) -> Part:
    """The type of a column as PostgreSQL prints it; it comes from nowhere else."""
    return sql.SQL(target.type_of(name))


def _equal(table: TableName, names: Sequence[str], values: Sequence[Part]) -> Part:
    return _all([sql.SQL("{} = {}").format(column(table, n), v) for n, v in zip(names, values, strict=True)])


def _joined(kind: str, values: Sequence[Part]) -> Part:
    """A text of several values; NULL where one of them is."""
    texts = [sql.SQL("{}::text").format(value) for value in values]
    return sql.SQL("{} || {}").format(sql.Literal(kind.replace("%", "%%") + ":"), sql.SQL(" || ':' || ").join(texts))


def _only(condition: Part, value: Part) -> Part:
    return sql.SQL("CASE WHEN {} THEN {} END").format(condition, value)


def _all(parts: Iterable[Part]) -> Part:
    return sql.SQL("({})").format(sql.SQL(" AND ").join(list(parts)))


def _any(parts: Iterable[Part]) -> Part:
    given = list(parts)
    return sql.SQL("({})").format(sql.SQL(" OR ").join(given)) if given else FALSE


def row_digest(target: Target) -> Part:
    """A digest of what stands in a row, the same whichever partition it lies in."""
    columns = sql.SQL(", ").join([column(target.name, name) for name in target.table.columns])
    return sql.SQL("md5(ROW({})::text)").format(columns)

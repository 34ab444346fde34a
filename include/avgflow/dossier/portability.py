"""What a request to take data along is answered with (AVG art. 12(3), 12(4), 20): what goes, and what does not and why.

Made from the plan that was carried out, by kind of data as the policy calls them. Pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from avgflow.catalog.models import Catalog, Table, Text
from avgflow.dossier.content import Answer, label_in
from avgflow.dossier.erasure import Outcome
from avgflow.dossier.words import article, text
from avgflow.plan import Plan, Step
from avgflow.policy import portable
from avgflow.policy.models import Policy
from avgflow.policy.portable import Ground, Stays


@dataclass(frozen=True)
class NotTaken:
    """A kind of data that does not go along, why not, and by which article; `law`: the statute that obliges; `partly`:
    other rows of this kind do.
    """

    title: Text
    reason: Text
    articles: Text
    law: Text | None = None
    partly: bool = False


@dataclass(frozen=True)
class Made:
    """What the company made or calculated in a table: the labels of its columns, none where that is all of it."""

    title: Text
    labels: tuple[Text, ...] = ()


def reference_fields(table: Table) -> tuple[tuple[str, str], ...]:
    """Name and type of the two fields that a row has besides: its reference, and those of the rows it belongs to.

    A table with a column of such a name gets a longer one.
    """
    return tuple((_free(name, table), sql_type) for name, sql_type in (("_row", "text"), ("_belongs_to", "jsonb")))


def _free(name: str, table: Table) -> str:
    while name in table.columns:
        name = f"_{name}"
    return name


@dataclass(frozen=True)
class PortableAnswer(Answer):
    """Everything that a portability is answered with; its stores hold what goes along and nothing else.

    `plan`: what goes along and on which ground. `withheld`: kinds of data that do not. `made`: what the company made
    itself. `secrets`, `others`: passwords, and data of others, were left out. `to_controller`: it goes to another
    company.
    """

    plan: Plan = field(kw_only=True)
    searched: tuple[Text, ...] = ()
    withheld: tuple[NotTaken, ...] = ()
    made: tuple[Made, ...] = ()
    secrets: bool = False
    others: bool = False
    to_controller: bool = False

    @property
    def held(self) -> int:
        """The rows of the person that were found at all."""
        return sum(step.rows for step in self.plan.steps)

    @property
    def outcome(self) -> Outcome:
        """As the register calls it: what the right does not reach refuses nobody anything, unless nothing is left."""
        if self.held == 0:
            return "nothing_found"
        if self.row_count == 0:
            return "refused"
        return "partly_fulfilled" if self.shared_mailbox or self.others else "fulfilled"

    @property
    def taken(self) -> tuple[Text, ...]:
        """The kinds of data that go along."""
        going = {step.record_class for step in _going(self.plan)}
        return tuple(of_class.title for name, of_class in self.policy.classes.items() if name in going)


def of_plan(answer: Answer, plan: Plan, catalog: Catalog, *, others: bool, to_controller: bool) -> PortableAnswer:
    """The answer to the portability that this plan describes; `answer`: its person, and its stores as they go along.

    `others`: something about people other than staff was replaced.
    """
    given = {name: getattr(answer, name) for name in answer.__dataclass_fields__}
    return PortableAnswer(
        **given,
        plan=plan,
        searched=tuple(store.title for store in catalog.stores.values()),
        withheld=tuple(_withheld(answer.policy, plan)),
        made=tuple(_made(catalog, plan)),
        secrets=any(_columns(catalog, step, Stays.SECURITY) for step in _going(plan)),
        others=others,
        to_controller=to_controller,
    )


def _going(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.action == "hand over" and step.rows]


def _withheld(policy: Policy, plan: Plan) -> Iterator[NotTaken]:
    """By kind of data and reason, in the policy's order; what the company made itself is told of table by table."""
    found: dict[tuple[str, Text, str], None] = {}
    for step in plan.steps:
        if step.action == "withhold" and step.rows and step.reason and step.reason != portable.not_provided().reason:
            found[step.record_class or "", step.reason, step.ground] = None
    taken = {step.record_class for step in _going(plan)}
    for name, of_class in policy.classes.items():
        for record_class, reason, ground in found:
            if record_class == name:
                obliged = ground == Ground.OBLIGATION and of_class.term.law
                law = of_class.term.source if obliged else None
                yield NotTaken(of_class.title, reason, article("20(1)"), law, name in taken)
    yield from (NotTaken(text("other_kind"), reason, article("20(1)")) for name, reason, _ in found if not name)


def _made(catalog: Catalog, plan: Plan) -> Iterator[Made]:
    for step in plan.steps:
        table = catalog.stores[step.store].tables[step.table]
        if step.action == "withhold" and step.rows and step.reason == portable.not_provided().reason:
            yield Made(table.title)
    seen = dict.fromkeys((step.store, step.table) for step in _going(plan))
    for store, name in seen:
        table = catalog.stores[store].tables[name]
        labels = [
            Text(nl=label_in(table, column, "nl"), en=label_in(table, column, "en"))
            for column in _stays(table, Stays.DERIVED)
        ]
        if labels:
            yield Made(table.title, tuple(labels))


def _columns(catalog: Catalog, step: Step, why: Stays) -> list[str]:
    return _stays(catalog.stores[step.store].tables[step.table], why)


def _stays(table: Table, why: Stays) -> list[str]:
    return [name for name, column in table.columns.items() if portable.stays(column) is why]

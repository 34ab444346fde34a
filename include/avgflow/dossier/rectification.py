"""What a rectification is answered with (AVG art. 12, 16, 19): what is right now and where, what has to stay as it is,
and what was noted.

Made from the plan that was carried out. It names kinds of data, never a value: the letter goes by plain mail. Pure: no
I/O.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from avgflow.attributes import ADDRESS
from avgflow.catalog.models import Catalog, Table, Text
from avgflow.dossier.content import Language
from avgflow.dossier.erasure import Outcome
from avgflow.plan import Plan, Step
from avgflow.policy.models import Policy
from avgflow.policy.recipients import Recipient

_ADDRESS = Text(nl="Adres", en="Address")


@dataclass(frozen=True)
class Corrected:
    """Something of the person that is right now, and the stores in which it was wrong; none where it was right."""

    title: Text
    stores: tuple[Text, ...]


@dataclass(frozen=True)
class Noted:
    """A kind of data that stays as it is, with a note beside it; `law`: the statute that wants it so."""

    title: Text
    rows: int
    law: Text | None


@dataclass(frozen=True)
class RectificationAnswer:
    """Everything that a rectification is answered with.

    `corrected`: what is right now. `right`: what was right everywhere. `unheld`: what no store holds of the person.
    `noted`: what stays as it is. `opinions`: kinds of data beside which the person's statement stands; `statement`:
    they gave one. `differing`: elsewhere another value than the wrong one stands, and stays. `history`: a store keeps
    what stood there before. `told`: whom art. 19 asks to tell.
    """

    number: str
    language: Language
    name: str | None
    received: date
    made_on: date
    policy: Policy
    corrected: tuple[Corrected, ...]
    right: tuple[Text, ...]
    unheld: tuple[Text, ...]
    noted: tuple[Noted, ...]
    opinions: tuple[Text, ...]
    statement: bool
    differing: bool
    history: bool
    email_changed: bool
    told: tuple[Recipient, ...]
    searched: tuple[Text, ...]
    shared_mailbox: bool = False
    mentions: bool = False

    @property
    def outcome(self) -> Outcome:
        """As the register calls it: what stays as it is with a note, was not done as asked."""
        if self.noted or self.statement:
            return "partly_fulfilled"
        if not (self.corrected or self.right):
            return "nothing_found"
        return "partly_fulfilled" if self.unheld else "fulfilled"


def of_plan(
    plan: Plan,
    catalog: Catalog,
    policy: Policy,
    *,
    statement: bool,
    language: Language,
    name: str | None,
    received: date,
    made_on: date,
    mentions: bool = False,
) -> RectificationAnswer:
    """The answer to the rectification that this plan describes, carried out and re-counted."""
    done = [step for step in (*plan.steps, *plan.done) if step.action == "correct" and step.rows]
    same = [step for step in plan.steps if step.action == "same" and step.rows]
    noted = [step for step in plan.steps if step.action == "annotate" and step.rows]
    attributes = list(dict.fromkeys(_kind(fix.attribute) for fix in plan.fixes))
    corrected = {kind: _stores(catalog, done, kind) for kind in attributes}
    right = [kind for kind in attributes if not corrected[kind] and _stores(catalog, same, kind)]
    classes = {step.record_class for step in done if step.record_class is not None}
    changed = {step.store for step in done}
    return RectificationAnswer(
        number=plan.number,
        language=language,
        name=name,
        received=received,
        made_on=made_on,
        policy=policy,
        corrected=tuple(
            Corrected(
                title_of(catalog, kind),
                tuple(catalog.stores[store].title for store in catalog.stores if store in found),
            )
            for kind, found in corrected.items()
            if found
        ),
        right=tuple(title_of(catalog, kind) for kind in right),
        unheld=tuple(title_of(catalog, kind) for kind in attributes if not corrected[kind] and kind not in right),
        noted=tuple(_noted(catalog, policy, (step for step in noted if _stays(catalog, step)))),
        opinions=tuple(dict.fromkeys(_table(catalog, step).title for step in noted if not _stays(catalog, step))),
        statement=statement,
        differing=any(step.action == "differs" and step.rows for step in plan.steps),
        history=any(table.history for store in changed for table in catalog.stores[store].tables.values()),
        email_changed=bool(corrected.get("email")),
        told=policy.recipients_of(classes),
        searched=tuple(store.title for store in catalog.stores.values()),
        shared_mailbox=plan.shared_rows > 0,
        mentions=mentions,
    )


def title_of(catalog: Catalog, attribute: str) -> Text:
    """What an attribute is called in a letter: the parts of an address together."""
    return _ADDRESS if attribute in ADDRESS else label_of(catalog, attribute)


def label_of(catalog: Catalog, attribute: str) -> Text:
    """What an attribute is called: as the first column is that a table of persons has of it."""
    columns = [
        column
        for _, _, table in sorted(catalog.tables(), key=lambda found: not found[2].person)
        for column in table.columns.values()
        if column.attribute == attribute and column.label is not None
    ]
    label = columns[0].label if columns else None
    return label or Text(nl=attribute, en=attribute)


def _kind(attribute: str) -> str:
    """The parts of an address are one thing to a person."""
    return "street" if attribute in ADDRESS else attribute


def _stores(catalog: Catalog, steps: Iterable[Step], kind: str) -> set[str]:
    """The stores in which steps are on columns of an attribute."""
    found = set()
    for step in steps:
        columns = _table(catalog, step).columns
        if any(_kind(columns[name].attribute or "") == kind for name in step.columns):
            found.add(step.store)
    return found


def _noted(catalog: Catalog, policy: Policy, steps: Iterable[Step]) -> Iterable[Noted]:
    rows: dict[tuple[Text, Text | None], int] = {}
    for step in steps:
        term = policy.classes[step.record_class].term if step.record_class else None
        title = _table(catalog, step).title
        law = term.source if term is not None and term.law else None
        rows[title, law] = rows.get((title, law), 0) + step.rows
    for (title, law), count in rows.items():
        yield Noted(title, count, law)


def _stays(catalog: Catalog, step: Step) -> bool:
    return _table(catalog, step).rectify == "annotate"


def _table(catalog: Catalog, step: Step) -> Table:
    return catalog.stores[step.store].tables[step.table]

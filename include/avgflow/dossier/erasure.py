"""What an erasure is answered with (art. 12(3), 12(4), 17 and 19): what is gone, what stays, why and until when.

Made from the plan that was carried out, by kind of data as the policy calls them; stores stand here by their titles,
tables and columns not at all. Pure: no I/O.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from avgflow.catalog.models import Catalog, Text
from avgflow.dossier.content import Language
from avgflow.dossier.words import article, text
from avgflow.plan import Plan, Step
from avgflow.policy.decide import Ground
from avgflow.policy.models import Policy, RecordClass, Term
from avgflow.policy.recipients import Recipient
from avgflow.templating import long_date

Outcome: TypeAlias = Literal["fulfilled", "partly_fulfilled", "refused", "nothing_found"]
"""As the register calls them (`avgflow.register.requests.Outcome`)."""


@dataclass(frozen=True)
class Erased:
    """A kind of data that is gone, and the stores it was in.

    `partly`: other rows of this kind are kept. `emptied`: some rows stay, without anything of the person in them.
    `means`: what changes for the person.
    """

    title: Text
    stores: tuple[Text, ...]
    rows: int
    partly: bool = False
    emptied: bool = False
    means: Text | None = None

    @property
    def places(self) -> Text:
        """The stores in a row."""
        return Text(nl=_row((s.nl for s in self.stores), "en"), en=_row((s.en for s in self.stores), "and"))


@dataclass(frozen=True)
class Kept:
    """A kind of data that stays on one ground.

    `until`: the last day, None where an event ends it; `oldest_until`: the last day of the oldest rows, where it
    differs. `minimised`: what the ground does not need was emptied. `law`: the statute, where there is one. `for_kind`:
    the kind of data that this is kept for, where it is another (an address that an invoice hangs on). `proof`: kept to
    prove something, which refuses nobody anything.
    """

    title: Text
    reason: Text
    ground: str
    until: date | None
    rows: int
    minimised: bool
    oldest_until: date | None = None
    law: Text | None = None
    for_kind: Text | None = None
    proof: bool = False

    @property
    def articles(self) -> Text:
        """The statute and the article of the AVG, written out to follow `Dit staat in`."""
        avg = article(self.ground)
        if self.law is None or self.law == avg:
            return avg
        return Text(nl=f"{self.law.nl}, en in {avg.nl}", en=f"{self.law.en}, and in {avg.en}")

    @property
    def how_long(self) -> Text | None:
        """A sentence on how long; None where the reason already says it (proof without a day)."""
        if self.until is None:
            return _WITHOUT_A_DAY[self.ground]
        if self.oldest_until is None:
            return _filled("until", last=self.until)
        return _filled("until_from", first=self.oldest_until, last=self.until)


@dataclass(frozen=True)
class KeptKind:
    """All that is kept of one kind of data, ground by ground."""

    title: Text
    parts: tuple[Kept, ...]


@dataclass(frozen=True)
class ErasureAnswer:
    """Everything that an erasure request (art. 17) is answered with.

    `kept` includes the record of this very request. `suppressed`: the person gets no marketing any more. `told`: whom
    art. 19 asks to tell. `searched`: the stores. `shared_mailbox`: rows that hang on an address which more people use
    were left alone. `mentions`: texts about others may still name the person; a human looks into it.
    """

    number: str
    language: Language
    name: str | None
    received: date
    made_on: date
    policy: Policy
    erased: tuple[Erased, ...]
    kept: tuple[Kept, ...]
    suppressed: bool
    outcome: Outcome
    told: tuple[Recipient, ...]
    searched: tuple[Text, ...]
    shared_mailbox: bool = False
    mentions: bool = False

    @property
    def stays(self) -> tuple[KeptKind, ...]:
        """What was asked to be erased and is not."""
        return _by_kind(one for one in self.kept if not one.proof)

    @property
    def proofs(self) -> tuple[KeptKind, ...]:
        """What stays as mere proof."""
        return _by_kind(one for one in self.kept if one.proof)

    @property
    def changed(self) -> bool:
        """Whether anything was erased, if only what a ground to keep did not need."""
        return bool(self.erased) or any(one.minimised for one in self.kept)

    @property
    def emptied(self) -> bool:
        """Whether rows stay with nothing of the person in them."""
        return any(one.emptied for one in self.erased)


@dataclass(frozen=True)
class Withdrawal:
    """A request to erase or correct (`right`) that the person took back before anything was changed."""

    number: str
    right: str
    language: Language
    name: str | None
    received: date
    withdrawn_on: date
    policy: Policy


def of_plan(
    plan: Plan,
    catalog: Catalog,
    policy: Policy,
    *,
    language: Language,
    name: str | None,
    received: date,
    made_on: date,
    mentions: bool = False,
) -> ErasureAnswer:
    """The answer to the erasure that this plan describes, with what earlier plans of the request erased; it is true
    once the plan is carried out and re-counted.
    """
    gone = [step for step in (*plan.steps, *plan.done) if step.rows and step.action in ("delete", "anonymise")]
    stays = [step for step in plan.steps if step.rows and step.action == "keep"]
    classes_gone = {step.record_class for step in gone if step.record_class is not None}
    classes_kept = {step.record_class for step in stays}
    erased, kept = tuple(_erased(catalog, policy, gone, classes_kept)), tuple(_kept(policy, stays))
    return ErasureAnswer(
        number=plan.number,
        language=language,
        name=name,
        received=received,
        made_on=made_on,
        policy=policy,
        erased=erased,
        kept=(*kept, *_own_record(policy, classes_kept)),
        suppressed=bool(plan.suppress),
        outcome=_outcome(erased, kept),
        told=policy.recipients_of(classes_gone),
        searched=tuple(store.title for store in catalog.stores.values()),
        shared_mailbox=plan.shared_rows > 0,
        mentions=mentions,
    )


def _erased(catalog: Catalog, policy: Policy, steps: Iterable[Step], kept: set[str | None]) -> Iterable[Erased]:
    groups: dict[str | None, list[Step]] = defaultdict(list)
    for step in steps:
        groups[step.record_class].append(step)
    for name in _in_order(policy, groups):
        of_class = policy.classes[name] if name is not None else None
        stores = {step.store for step in groups[name]}
        partly = name in kept
        yield Erased(
            title=of_class.title if of_class else text("other_kind"),
            stores=tuple(store.title for key, store in catalog.stores.items() if key in stores),
            rows=sum(step.rows for step in groups[name]),
            partly=partly,
            emptied=any(step.action == "anonymise" for step in groups[name]),
            means=of_class.when_erased if of_class and not partly else None,
        )


def _kept(policy: Policy, steps: Iterable[Step]) -> Iterable[Kept]:
    """A kind of data once for each ground and reason; rows with and without a last day apart."""
    groups: dict[str | None, dict[tuple[str, Text | None, bool], list[Step]]] = defaultdict(lambda: defaultdict(list))
    for step in steps:
        groups[step.record_class][step.ground, step.reason, step.keep_until is None].append(step)
    for name in _in_order(policy, groups):
        of_class = policy.classes[name] if name is not None else None
        for (ground, reason, _), alike in groups[name].items():
            days = sorted(step.keep_until for step in alike if step.keep_until is not None)
            source, term = _source(policy, name, reason) or (of_class, None)
            yield Kept(
                title=of_class.title if of_class else text("other_kind"),
                reason=reason or text("no_reason"),
                ground=ground,
                until=days[-1] if days else None,
                rows=sum(step.rows for step in alike),
                minimised=any(step.columns for step in alike),
                oldest_until=days[0] if days and days[0] != days[-1] else None,
                law=term.source if term else None,
                for_kind=source.title if source and source is not of_class else None,
                proof=ground == Ground.PROOF or (of_class is not None and of_class.proof),
            )


def _own_record(policy: Policy, kept: set[str | None]) -> Iterable[Kept]:
    """The record of the request itself, which the register keeps; unless the stores' own rows of it are named."""
    if policy.request_class in kept:
        return
    of_class = policy.classes[policy.request_class]
    law = of_class.term.source
    yield Kept(of_class.title, of_class.term.text, Ground.PROOF, None, 1, minimised=False, law=law, proof=True)


def _source(policy: Policy, name: str | None, reason: Text | None) -> tuple[RecordClass, Term] | None:
    """The term that is given as the reason, and its class: that of the rows, or of other rows that hang on them."""
    own = [policy.classes[name]] if name is not None else []
    for of_class in (*own, *policy.classes.values()):
        for term in (of_class.term, *of_class.other_terms.values()):
            if term.text == reason:
                return of_class, term
    return None


def _outcome(erased: Iterable[Erased], kept: Iterable[Kept]) -> Outcome:
    """What the request came to: keeping mere proof (of consent, of this request, of an objection) is no refusal."""
    gone, stays = list(erased), list(kept)
    if not gone and not stays:
        return "nothing_found"
    if all(one.proof for one in stays):
        return "fulfilled"
    return "partly_fulfilled" if gone else "refused"


def _in_order(policy: Policy, names: Iterable[str | None]) -> list[str | None]:
    """Classes in the order of the policy, rows without one last."""
    order = {name: position for position, name in enumerate(policy.classes)}
    return sorted(names, key=lambda name: order[name] if name is not None else len(order))


def _by_kind(kept: Iterable[Kept]) -> tuple[KeptKind, ...]:
    kinds: dict[Text, list[Kept]] = defaultdict(list)
    for one in kept:
        kinds[one.title].append(one)
    return tuple(KeptKind(title, tuple(parts)) for title, parts in kinds.items())


def _row(words: Iterable[str], last: str) -> str:
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end


def _filled(name: str, **days: date) -> Text:
    template = text(name)
    return Text(
        nl=template.nl.format(**{key: long_date(day, "nl") for key, day in days.items()}),
        en=template.en.format(**{key: long_date(day, "en") for key, day in days.items()}),
    )


_WITHOUT_A_DAY: dict[str, Text | None] = {
    Ground.LAW: text("as_long_as_law"),
    Ground.CLAIM: text("as_long_as_claim"),
    Ground.CONTRACT: text("as_long_as_contract"),
    Ground.PROOF: None,
    Ground.OTHER_BASIS: None,
}

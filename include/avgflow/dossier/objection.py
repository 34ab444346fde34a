"""What an objection or a withdrawn consent is answered with (art. 7(3), 12(3), 12(4), 21): what was stopped and from
when, what is gone, how a human weighed the rest, and what goes on and why.

Made from the plan that was carried out and the weighing, by kind of data as the policy calls them. Pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from avgflow.catalog.models import Catalog, Text
from avgflow.dossier import erasure
from avgflow.dossier.content import Language
from avgflow.dossier.erasure import ErasureAnswer, Outcome
from avgflow.intake import Scope
from avgflow.plan import Plan
from avgflow.policy import decide
from avgflow.policy.models import Policy


@dataclass(frozen=True)
class NotStopped:
    """A kind of data that is used as before, and why; `law`: the statute that obliges."""

    title: Text
    reason: Text
    law: Text | None = None


@dataclass(frozen=True)
class ObjectionAnswer:
    """Everything that an objection (art. 21) or a withdrawn consent (art. 7(3)) is answered with.

    `stopped`: the kinds of data no longer used for what was objected to, whether or not any is held. `channels`: on
    which nothing is sent any more; `addresses`: how many addresses of the person that goes for. `marked`: the stores in
    which that stands too. `erasure`: of what rested on consent. `upheld`, `refused`: as a human weighed it.
    `continued`: what nobody can object to. `found`: anything is held that the objection is about.
    """

    number: str
    language: Language
    name: str | None
    received: date
    stopped_on: date
    policy: Policy
    scope: Scope
    stopped: tuple[Text, ...]
    channels: tuple[str, ...]
    addresses: int
    marked: tuple[Text, ...]
    erasure: ErasureAnswer
    upheld: tuple[Text, ...]
    refused: tuple[NotStopped, ...]
    continued: tuple[NotStopped, ...]
    found: bool
    searched: tuple[Text, ...]
    shared_mailbox: bool

    @property
    def outcome(self) -> Outcome:
        """As the register calls it; proof that is kept refuses nobody anything."""
        unreached = bool(self.channels) and not self.addresses
        done = self.addresses or self.marked or self.erasure.erased or self.upheld
        open_ = unreached or self.refused or self.continued or self.erasure.stays
        if not done and not open_:
            return "nothing_found"
        if not open_:
            return "fulfilled"
        return "partly_fulfilled" if done else "refused"

    @property
    def marketing(self) -> bool:
        """Whether no marketing is sent any more."""
        return "email" in self.channels

    @property
    def surveys(self) -> bool:
        """Whether no surveys are sent any more."""
        return "email-surveys" in self.channels

    @property
    def record(self) -> Text:
        """How long the request itself is kept, and why."""
        return self.policy.classes[self.policy.request_class].term.text


def of_plan(
    plan: Plan,
    catalog: Catalog,
    policy: Policy,
    weighed: Mapping[str, Text | None],
    *,
    addresses: int,
    language: Language,
    name: str | None,
    received: date,
    stopped_on: date,
) -> ObjectionAnswer:
    """The answer to the objection that this plan describes, carried out and re-counted; `weighed`: the outcome for each
    class that a human weighed, None where it was upheld, else the reason of the refusal.
    """
    scope = Scope(plan.scope or "")
    marked = {step.store for step in (*plan.steps, *plan.done) if step.action == "set" and step.rows}
    gone = replace(plan, steps=tuple(s for s in plan.steps if s.action in ("delete", "anonymise", "keep")), suppress=())
    counted = [step for step in (*plan.steps, *plan.done) if step.rows]
    return ObjectionAnswer(
        number=plan.number,
        language=language,
        name=name,
        received=received,
        stopped_on=stopped_on,
        policy=policy,
        scope=scope,
        stopped=tuple(of_class.title for of_class in decide.stopped(policy, scope).values()),
        channels=plan.suppress,
        addresses=addresses,
        marked=tuple(store.title for name_, store in catalog.stores.items() if name_ in marked),
        erasure=erasure.of_plan(
            gone, catalog, policy, language=language, name=name, received=received, made_on=stopped_on
        ),
        upheld=tuple(policy.classes[one].title for one, why in _ordered(policy, weighed) if why is None),
        refused=tuple(
            NotStopped(policy.classes[one].title, why) for one, why in _ordered(policy, weighed) if why is not None
        ),
        continued=tuple(_continued(policy, plan)),
        found=bool(counted),
        searched=tuple(store.title for store in catalog.stores.values()),
        shared_mailbox=any(plan.footprint.shared.values()),
    )


def _continued(policy: Policy, plan: Plan) -> Iterable[NotStopped]:
    reasons = {step.record_class: step.reason for step in plan.steps if step.action == "continue" and step.rows}
    for name, of_class in policy.classes.items():
        reason = reasons.get(name)
        if reason is not None and not of_class.proof:
            yield NotStopped(of_class.title, reason, of_class.term.source if of_class.term.law else None)


def _ordered(policy: Policy, weighed: Mapping[str, Text | None]) -> Sequence[tuple[str, Text | None]]:
    return [(name, weighed[name]) for name in policy.classes if name in weighed]

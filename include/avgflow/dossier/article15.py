"""What art. 15(1)(a) to (h) and 15(2) AVG ask to be told, from the policy and from what was found of this person.

Only what applies to this person is said: the purposes, categories, recipients and terms of the record classes that they
have rows of. A section is a title, the part of the article it answers, and blocks for the template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from avgflow.dossier.content import Answer, label_of
from avgflow.dossier.readable import printable
from avgflow.dossier.records import Seen
from avgflow.dossier.words import Words, article, has
from avgflow.policy.models import RecordClass
from avgflow.templating import long_date

Block = dict[str, Any]


def summary(answer: Answer, seen: Sequence[Seen], say: Words) -> list[dict[str, Any]]:
    """Per store: which data, how many records, what for and how long."""
    groups = []
    for store in answer.stores:
        counts: Counter[str] = Counter()
        for table in seen:
            if table.store.name == store.name:
                counts.update(table.classes)
        groups.append(
            {
                "store": store.title.in_(answer.language),
                "rows": [_summary_row(answer, name, count, say) for name, count in _sorted(counts)],
                "nothing": "" if counts else say("nothing_here"),
            }
        )
    return groups


def _summary_row(answer: Answer, name: str, count: int, say: Words) -> list[str]:
    spec = answer.policy.classes.get(name)
    if spec is None:
        return [say("other_kind"), str(count), "–", "–"]
    purposes = "; ".join(answer.policy.purposes[purpose].title.in_(answer.language) for purpose in spec.purposes)
    # Terms that the law sets always belong in the summary: they are why something is kept longer than one would expect.
    by_law = [term for term in spec.other_terms.values() if term.law]
    terms = " ".join(term.text.in_(answer.language) for term in (spec.term, *by_law))
    return [spec.title.in_(answer.language), str(count), purposes, terms]


def sections(answer: Answer, seen: Sequence[Seen], say: Words) -> list[dict[str, Any]]:
    """The sections in the order a reader asks: what for, what, from whom, to whom, where, how long, and then what."""
    policy, language = answer.policy, answer.language
    present = _present(answer, seen)
    statements = policy.statements
    told: list[tuple[str, str, list[Block]]] = []
    if present:
        told += [
            ("purposes", "15(1)(a)", _purposes(answer, seen, present, say)),
            ("categories", "15(1)(b)", _categories(answer, seen, say)),
            ("source", "15(1)(g)", [_text(statements.source.in_(language))]),
            ("recipients", "15(1)(c)", _recipients(answer, present, say)),
            ("transfers", "15(2)", _transfers(answer, present)),
            ("terms", "15(1)(d)", _terms(answer, present, say)),
        ]
    told += [
        ("decisions", "15(1)(h)", [_text(statements.automated_decisions.in_(language))]),
        ("left_out", "15(4)", _left_out(answer, seen, say)),
        *([("noted", "16", _noted(answer, say))] if answer.noted else []),
        *([("limited", "18", _limited(answer, say))] if answer.limited else []),
        ("rights", "15(1)(e)", _rights(answer, say)),
        ("remedies", "15(1)(f)", _remedies(answer)),
    ]
    return [
        {"title": say(name), "article": article(part).in_(language), "blocks": blocks} for name, part, blocks in told
    ]


def _text(text: str) -> Block:
    return {"kind": "text", "text": text}


def _items(items: Iterable[tuple[str, Iterable[str]]]) -> Block:
    """Titles with what is said about each, line by line."""
    return {"kind": "items", "items": [{"title": title, "lines": [x for x in lines if x]} for title, lines in items]}


def _sorted(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (entry[0] == "", len(entry[0]), entry[0]))


def _present(answer: Answer, seen: Iterable[Seen]) -> dict[str, RecordClass]:
    """The record classes that the person has rows of, and that of the request itself, in the policy's order."""
    found = {answer.policy.request_class, *(name for table in seen for name in table.classes)}
    return {name: spec for name, spec in answer.policy.classes.items() if name in found}


def _purposes(answer: Answer, seen: Iterable[Seen], present: dict[str, RecordClass], say: Words) -> list[Block]:
    language = answer.language
    by_column = {
        spec.purpose
        for table in seen
        for name, spec in table.content.table.columns.items()
        if spec.purpose is not None and name in table.filled
    }
    named = by_column | {purpose for spec in present.values() for purpose in spec.purposes}
    items = []
    for number, purpose in answer.policy.purposes.items():
        if number in named:
            bases = ", ".join(say(f"basis_{basis}") for basis in purpose.basis_declared)
            items.append((purpose.title.in_(language), (purpose.explanation.in_(language), say("basis", bases=bases))))
    return [_items(items), _text(say("bases_note"))]


def _categories(answer: Answer, seen: Iterable[Seen], say: Words) -> list[Block]:
    language = answer.language
    stores: dict[str, dict[str, None]] = {}
    origins: dict[str, dict[str, None]] = {}
    for table in seen:
        for name, spec in table.content.table.columns.items():
            if spec.category is not None and name in table.filled:
                stores.setdefault(spec.category, {})[table.store.title.in_(language)] = None
                origins.setdefault(spec.category, {})[say(f"origin_{spec.origin}")] = None
    categories = answer.policy.categories
    rows = [
        [title.in_(language), ", ".join(stores[name]), ", ".join(origins[name])]
        for name, title in categories.items()
        if name in stores
    ]
    head = [say("category"), say("where"), say("origin")]
    return [{"kind": "grid", "head": head, "widths": [34, 33, 33], "numbers": [False] * 3, "rows": rows}]


def _recipients(answer: Answer, present: dict[str, RecordClass], say: Words) -> list[Block]:
    language = answer.language
    items = []
    for recipient in answer.policy.recipients:
        received = [spec.title.in_(language) for name, spec in present.items() if name in recipient.classes]
        if received:
            lines = [recipient.why.in_(language)]
            if recipient.named:
                lines.append(say("named", names=", ".join(recipient.named)))
            if recipient.country != "NL":
                lines.append(say("abroad", country=recipient.country))
            everything = len(received) == len(present)
            lines.append("" if everything else say("receives", classes="; ".join(received)))
            items.append((recipient.title.in_(language), lines))
    if not items:
        return [_text(say("recipients_none"))]
    return [_items(items), _text(say("recipients_note"))]


def _transfers(answer: Answer, present: dict[str, RecordClass]) -> list[Block]:
    language = answer.language
    blocks = [_text(answer.policy.statements.transfers.in_(language))]
    items = [
        (transfer.country.in_(language), (transfer.safeguard.in_(language),))
        for transfer in answer.policy.transfers
        if any(name in present for name in transfer.classes)
    ]
    return [*blocks, _items(items)] if items else blocks


def _terms(answer: Answer, present: dict[str, RecordClass], say: Words) -> list[Block]:
    language = answer.language
    items = []
    for spec in present.values():
        lines = []
        for term in (spec.term, *spec.other_terms.values()):
            source = say("by_law", source=term.source.in_(language)) if term.law and term.source else ""
            lines.append(f"{term.text.in_(language)} {source}".strip())
        items.append((spec.title.in_(language), lines))
    return [_items(items), _text(answer.policy.statements.backups.in_(language))]


def _left_out(answer: Answer, seen: Sequence[Seen], say: Words) -> list[Block]:
    language, statements = answer.language, answer.policy.statements
    blocks: list[Block] = []
    if answer.shared_mailbox:
        blocks.append(_text(say("shared_mailbox")))
    if answer.redactions:
        blocks += [_text(statements.others.in_(language)), _replaced(answer, seen, say)]
    if any(spec.secret for table in seen if table.content.row_count for spec in table.content.table.columns.values()):
        blocks.append(_text(statements.secrets.in_(language)))
    for table in seen:
        spec = table.content.table
        if not spec.access and spec.why is not None:
            title, store = spec.title.in_(language), table.store.title.in_(language)
            blocks.append(_text(say("not_included", title=title, store=store, why=spec.why.in_(language))))
    if answer.kept_back:
        blocks.append(_text(say("withheld")))
    return blocks or [_text(say("left_out_nothing"))]


def _replaced(answer: Answer, seen: Sequence[Seen], say: Words) -> Block:
    language = answer.language
    tables = {(table.store.name, table.content.name): table for table in seen}
    rows = []
    for redacted in answer.redactions:
        table = tables.get((redacted.store, redacted.table))
        title = table.content.table.title.in_(language) if table else redacted.table
        label = label_of(table.content, redacted.column, language) if table else redacted.column
        reason = say(f"reason_{redacted.reason}") if has(f"reason_{redacted.reason}") else redacted.reason
        rows.append([title, label, reason, str(redacted.count)])
    head = [say(f"replaced_{name}") for name in ("where", "what", "why", "count")]
    return {"kind": "grid", "head": head, "widths": [30, 28, 30, 12], "numbers": [False] * 3 + [True], "rows": rows}


def _noted(answer: Answer, say: Words) -> list[Block]:
    language = answer.language
    items = []
    for note in answer.noted:
        lines = [say("noted_on", day=long_date(note.on, language), rows=str(note.rows))]
        lines += [f"{name.in_(language)}: {printable(value)}" for name, value in note.right]
        lines += [printable(line) for line in (note.statement or "").splitlines()]
        items.append((note.title.in_(language), lines))
    return [_text(say("noted_lead")), _items(items)]


def _limited(answer: Answer, say: Words) -> list[Block]:
    language = answer.language
    items = []
    for one in answer.limited:
        titles = "; ".join(kind.in_(language) for kind in one.kinds)
        since = say("limited_since", day=long_date(one.since, language))
        items.append((titles or say("limited_all"), (since, one.why.in_(language))))
    return [_text(say("limited_lead")), _items(items)]


def _rights(answer: Answer, say: Words) -> list[Block]:
    language, controller = answer.language, answer.policy.controller
    rights = [right.in_(language) for right in answer.policy.statements.rights]
    return [
        {"kind": "list", "items": rights},
        _text(answer.policy.statements.withdrawal.in_(language)),
        _text(say("rights_lead", email=controller.email, phone=controller.phone)),
    ]


def _remedies(answer: Answer) -> list[Block]:
    remedies = answer.policy.statements.remedies
    return [_text(remedies.authority.in_(answer.language)), _text(remedies.court.in_(answer.language))]

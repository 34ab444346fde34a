"""Others' data in an access copy: pseudonyms in the place of people, each redaction on record (art. 15(4), rec. 63).

Two kinds: columns of the catalog that name a third party, and names, e-mail addresses and telephone numbers of
others in free text. A name in free text counts as somebody's when a third-party column of this person's rows or a
store's column of people (`people` in the catalog) holds it, or when it begins with a first name that a store knows.
What the subject already is or has (own name, address, number) stays.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from avgflow.catalog.models import Column, Table
from avgflow.identity import normal
from avgflow.policy.models import Policy
from avgflow.workfile import Header, Row

Reason = Literal["third_party", "name", "email", "phone"]

_EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
# A Dutch or international number: 10 digits from 0, or 9 to 13 after +, with blanks, dots, dashes or brackets between.
_PHONE = re.compile(r"(?<![\w+])(?:\+\d{1,3}|00\d{1,3}|\(?0)(?:[\s.()-]*\d){8,11}(?![\w])")
_WORD = re.compile(r"['’]?[^\W\d_](?:[^\W_]|[\u0300-\u036f]|['’.-](?=[^\W_]))*")
_LONGEST_PARTICLE = 5
"""Letters in the longest word of a name in lower case ('van', 'der', 'die', "'t", 'thoe'); a store decides what is
a name.
"""
_JSON_TYPES = frozenset({"json", "jsonb"})
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BETWEEN = re.compile(r"""[^\S\n]*[-."“”„‘'(;,&/]?[^\S\n]*["“„‘'(]?""")
_CLOSING = tuple("\"”')")
_LONGEST_NAME = 7
"""Words in the longest name looked for ('Anna Maria van der Velde - de Groot')."""


@dataclass(frozen=True)
class Known:
    """What is needed to redact one person's rows: who they are, and who the others are.

    `own`: names in normal form; `own_emails` in normal form; `own_phones` as digits; `others`: a third party's name in
    flat form -> its pseudonym; every third-party value of this person's rows is among them.
    """

    own: frozenset[str] = frozenset()
    own_emails: frozenset[str] = frozenset()
    own_phones: frozenset[str] = frozenset()
    others: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON form, to be sealed."""
        return {
            "own": sorted(self.own),
            "own_emails": sorted(self.own_emails),
            "own_phones": sorted(self.own_phones),
            "others": dict(self.others),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Known:
        """The inverse of `to_json`."""
        return cls(frozenset(data["own"]), frozenset(data["own_emails"]), frozenset(data["own_phones"]), data["others"])


class Pseudonyms:
    """Hands out 'medewerker 1', 'andere persoon 2', … in the order in which people first appear."""

    def __init__(self, policy: Policy, language: str) -> None:
        self._texts = {"staff": policy.redaction.staff.in_(language), "other": policy.redaction.other.in_(language)}
        self._count: Counter[str] = Counter()
        self.given: dict[str, str] = {}
        """Every name so far, in flat form, and its pseudonym."""

    def give(self, name: str, kind: Literal["staff", "other"]) -> None:
        """A pseudonym for a name; the same name, however written, keeps the one it has."""
        key = flat(name)
        if key and key not in self.given:
            self._count[kind] += 1
            self.given[key] = self._texts[kind].format(n=self._count[kind])


def flat(name: str) -> str:
    """A name for comparison: normal form, single blanks, letters with their diacritics as one character."""
    return unicodedata.normalize("NFC", " ".join((normal(name) or "").split()))


def digits(phone: str) -> str:
    """A telephone number for comparison: its last nine digits (+31 6 … and 06 … are the same)."""
    return re.sub(r"\D", "", phone)[-9:]


@dataclass(frozen=True)
class PossibleNames:
    """What in a text may be a full name, in flat form: `all` runs of words, and the `shortest` one from each first
    word.
    """

    all: tuple[str, ...]
    shortest: tuple[str, ...]


def possible_names(text: str) -> PossibleNames:
    """Every run of words that may be a full name: capital to capital, with particles between; in order of appearance.

    Parts in quotation marks count ('Jan "de Bouwer" Smit', 'Jan "de Bouwer"'); a line break ends a name.
    """
    every: dict[str, None] = {}
    shortest: dict[str, None] = {}
    words = [(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]
    for i, (first, begin, _) in enumerate(words):
        if not first[0].isupper():
            continue
        found = [
            flat(text[begin : end + closing])
            for end in _ends(text, words, i)
            for closing in ((0, 1) if text[end : end + 1] in _CLOSING else (0,))
        ]
        every |= dict.fromkeys(found)
        shortest |= dict.fromkeys(found[:1])
    return PossibleNames(tuple(every), tuple(shortest))


def texts_of(value: str, sql_type: str) -> Iterator[str]:
    """The texts in a value: of a JSON document every string, as it reads (a quote in it is written `\\"`)."""
    if sql_type in _JSON_TYPES:
        yield from (json.loads(match.group()) for match in _JSON_STRING.finditer(value))
    else:
        yield value


def _ends(text: str, words: list[tuple[str, int, int]], first: int) -> Iterator[int]:
    """Where a name that begins at a word may end."""
    for j in range(first + 1, min(first + _LONGEST_NAME, len(words))):
        word, start, end = words[j]
        if not _BETWEEN.fullmatch(text, words[j - 1][2], start):
            return
        capital = word.lstrip("'’")[:1].isupper()
        if not capital and len(word) > _LONGEST_PARTICLE:
            return
        if capital:
            yield end


@dataclass(frozen=True)
class Redaction:
    """One column in which something of others was replaced, and how often."""

    column: str
    reason: Reason


class Redactor:
    """Replaces others' data in the rows of one table; counts what it did."""

    def __init__(self, table: Table, header: Header, known: Known, policy: Policy, language: str) -> None:
        self._columns = [(name, table.columns[name], sql_type) for name, sql_type in header.columns]
        self._known = known
        self._email = policy.redaction.email.in_(language)
        self._phone = policy.redaction.phone.in_(language)
        # Own names too: 'Kay Van Bragt' is the person, though 'Kay Van' might be somebody.
        self._names = _names_in({*known.others, *known.own})
        self._pattern = _pattern(self._names)
        self.counts: Counter[Redaction] = Counter()

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows with others' data replaced."""
        for row in rows:
            yield self.row(row)

    def row(self, row: Row) -> Row:
        """One row with others' data replaced."""
        return Row(
            row.record_class,
            tuple(self._value(*column, v) for column, v in zip(self._columns, row.values, strict=True)),
            row.on_consent,
        )

    def _value(self, name: str, spec: Column, sql_type: str, value: str | None) -> str | None:
        if value is None or not value.strip():
            return value
        if spec.third_party:
            if flat(value) in self._known.own:
                return value
            self.counts[Redaction(name, "third_party")] += 1
            return self._known.others[flat(value)]
        if spec.free_text:
            return self._json(name, value) if sql_type in _JSON_TYPES else self._text(name, value)
        return value

    def _json(self, name: str, value: str) -> str:
        """A JSON document with others replaced in its strings only: a number may look like a telephone number."""

        def string(match: re.Match[str]) -> str:
            text = json.loads(match.group())
            redacted = self._text(name, text)
            return match.group() if redacted == text else json.dumps(redacted, ensure_ascii=False)

        return _JSON_STRING.sub(string, value)

    def _text(self, name: str, value: str) -> str:
        def email(match: re.Match[str]) -> str:
            if normal(match.group().strip(".'")) in self._known.own_emails:
                return match.group()
            self.counts[Redaction(name, "email")] += 1
            return self._email

        def phone(match: re.Match[str]) -> str:
            if digits(match.group()) in self._known.own_phones:
                return match.group()
            self.counts[Redaction(name, "phone")] += 1
            return self._phone

        def person(match: re.Match[str]) -> str:
            found = self._names[(match.lastindex or 0) - 1]
            if found in self._known.own:
                return match.group()
            self.counts[Redaction(name, "name")] += 1
            return self._known.others[found]

        value = _PHONE.sub(phone, _EMAIL.sub(email, value))
        return self._pattern.sub(person, value) if self._names else value


def _names_in(known: Iterable[str]) -> list[str]:
    """What is a name, the longest first. A number that stands for somebody (a key in a third-party column) is none;
    in a text it would be anything.
    """
    return sorted((name for name in known if re.search(r"[^\W\d_]", name)), key=len, reverse=True)


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Any of the names, a group each, with any blanks between the words; whole words only."""
    written = (r"\s+".join("".join(map(_letter, word)) for word in name.split()) for name in names)
    return re.compile(r"(?<!\w)(?:" + "|".join(f"({name})" for name in written) + r")(?!\w)", re.IGNORECASE)


def _letter(letter: str) -> str:
    """A character of a name in lower case as it may be written: with its diacritics apart, too."""
    if letter == "\u0307":  # what lower case makes of a dotted capital I (İbrahim), in which it is not apart
        return "\u0307?"
    apart = unicodedata.normalize("NFD", letter)
    return re.escape(letter) if apart == letter else f"(?:{re.escape(letter)}|{re.escape(apart)})"

"""What may stand in the log in plain text: codes, names of stores and tables, counts, dates and digests.

The event chain can never be cleaned, so personal data must not get in by mistake (heypinchy/pinchy#238). Free text is
not accepted: each string must have one of a few closed forms, none of which fits an e-mail address, a full name, a
telephone or account number. (A surname alone looks like a code; no form can tell them apart.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from avgflow.errors import AvgflowError

Plain = str | int | bool | None
Detail = dict[str, Plain | list[Plain]]

LONGEST_LIST = 100
LONGEST_STRING = 200
LARGEST_NUMBER = 2**53
"""Beyond that JSON readers round; nothing that is counted here comes near."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DIGEST = re.compile(r"(sha256:)?[0-9a-f]{64}")
_LONG_NUMBER = re.compile(r"\d{7}")
"""A telephone, citizen's, chamber of commerce or account number; partitions such as `visit_202611` have six digits."""

_WORD = r"[^\W\d][\w$]*"
_PART = rf'(?:{_WORD}|"[^"@]{{1,63}}")'
_FORMS = re.compile(
    "|".join(
        (
            _WORD,  # code, error class, store
            rf"{_PART}(?:\.{_PART})+",  # table or column, as `avgflow.catalog.names` writes them
            r"[a-z][a-z0-9_]*(?:[.:-][a-z0-9_]+)*",  # code with hyphens or colons
            r"AVG-[0-9]{4}-[0-9]{5,}",  # request
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}",  # date
            r"[0-9A-Z]{5}",  # SQLSTATE
        )
    )
)
_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,99}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}")


class DetailRefused(AvgflowError):
    """Something was about to be logged that may be personal data; it names the place, never the value."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            f"The register refuses {place}: {why}. Only codes, names of stores and tables, counts, dates and digests "
            f"go on record in plain text; report this as a fault of avgflow."
        )


def checked(detail: Mapping[str, object]) -> Detail:
    """The detail of an event as it will be stored; `DetailRefused` for anything that may be personal data."""
    return {_key(key): _checked_value(key, value) for key, value in detail.items()}


def checked_code(place: str, value: str) -> str:
    """A string of one of the closed forms, for a column in plain text; `DetailRefused` otherwise."""
    if len(value) > LONGEST_STRING:
        raise DetailRefused(place, f"it is longer than {LONGEST_STRING} characters")
    if _DIGEST.fullmatch(value):
        return value
    if not _FORMS.fullmatch(value) or (_LONG_NUMBER.search(value) and not value.startswith("AVG-")):
        raise DetailRefused(place, "it is not a code, name, date or digest")
    return value


def checked_counts(place: str, counts: Mapping[str, int]) -> dict[str, int]:
    """Counts by name of table (or of whatever is counted); `DetailRefused` otherwise."""
    for name, count in counts.items():
        checked_code(f"a name in {place}", name)
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise DetailRefused(f"{place} '{name}'", "it is not a count")
    return dict(counts)


def checked_actor(actor: str) -> str:
    """Who did it: `avgflow`, or the login of a member of staff (which may be an address); never the person who asks."""
    if not _ACTOR.fullmatch(actor):
        raise DetailRefused("the actor of an event", "it is not a login")
    return actor


def checked_line(place: str, line: str) -> str:
    """One line for a person, such as the text of an `AvgflowError`; `DetailRefused` where it holds an address."""
    if "@" in line or "\n" in line or len(line) > 1000:
        raise DetailRefused(place, "it is longer than one line, or holds an e-mail address")
    return line


def checked_result(place: str, text: str) -> str:
    """A longer text, such as a check's result as JSON; `DetailRefused` where it holds an e-mail address."""
    if _EMAIL.search(text):
        raise DetailRefused(place, "it holds an e-mail address")
    return text


def _key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise DetailRefused("a key of an event's detail", "it is not a word of a-z, 0-9 and _")
    return key


def _checked_value(key: str, value: object) -> Plain | list[Plain]:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if len(value) > LONGEST_LIST:
            raise DetailRefused(f"'{key}' of an event", f"it has more than {LONGEST_LIST} entries")
        return [_checked_plain(key, entry) for entry in value]
    return _checked_plain(key, value)


def _checked_plain(key: str, value: object) -> Plain:
    place = f"'{key}' of an event"
    match value:
        case None | bool():
            return value
        case int() if abs(value) < LARGEST_NUMBER:
            return int(value)
        case str():
            return checked_code(place, str(value))
    raise DetailRefused(place, "it is not a string, whole number, boolean or short list of them")

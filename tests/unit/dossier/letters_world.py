"""Letters as their readers see them: the words of a mail, and whether they are of one language."""

from __future__ import annotations

import re
from email.message import EmailMessage

from dossier_world import NUMBER
from erasure_world import SECRET_TABLE, catalog

from avgflow.dossier.content import Language

TO = "johanna@example.nl"
NAME = "Johanna de Vries"
_OTHER: dict[Language, re.Pattern[str]] = {
    "nl": re.compile(r"\b(the|your|you|we|our|data is|erased|kept|until|because|GDPR|article)\b"),
    "en": re.compile(r"\b(de|het|uw|wij|ons|een|gewist|bewaren|omdat|AVG|artikel)\b"),
}


def plain(mail: EmailMessage) -> str:
    """The words of a mail, without its line breaks."""
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def speaks_only(mail: EmailMessage, language: Language) -> None:
    """No word of the other language is in it, and no name of a table."""
    assert mail["Content-Language"] == language
    # Names of Dutch statutes and bodies stand in brackets after their English ones.
    text = re.sub(r"\([^)]*\)", "", plain(mail))
    for name in (*(store.title.in_(language) for store in catalog().stores.values()), NUMBER, NAME):
        text = text.replace(name, "")
    assert SECRET_TABLE.table not in text
    assert _OTHER[language].findall(text) == []

"""The report: a PDF that a person reads, with everything that art. 15(1) and (2) ask for, and the data themselves.

The document's content is data (JSON) and the template (`report.typ`) only lays it out, so no value of any row is ever
read as markup. Typst gets its own fonts, no network and no file outside the folder of templates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import typst

from avgflow.dossier import article15
from avgflow.dossier.content import Answer, Language
from avgflow.dossier.readable import printable
from avgflow.dossier.records import Seen, laid_out, read
from avgflow.dossier.words import Words, in_language
from avgflow.errors import AvgflowError
from avgflow.templating import Templates, long_date

TEMPLATE = "report.typ"


class ReportFailed(AvgflowError):
    """The report could not be made. Typst's own message may quote rows and is not repeated."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The PDF report of {number} could not be made. Check the template {TEMPLATE} (its texts and layout), "
            f"then run the task again."
        )


def read_for(answer: Answer, templates: Templates) -> Callable[[], bytes]:
    """Read all that the report shows; what makes the PDF of it, which reads no row any more and may run aside.

    The PDF is without encryption, in memory only; the same content gives the same bytes.
    """
    document = _document(answer)
    return lambda: _pdf(answer, document, templates)


def _pdf(answer: Answer, document: dict[str, Any], templates: Templates) -> bytes:
    # PDF/UA (accessible to a screen reader) refuses a character that no font can show. Then the machine's own fonts are
    # tried too, and at last the character is left an empty box, with a word about it.
    try:
        return _compiled(answer, document, templates, _fonts(), ["1.7", "ua-1"])
    except typst.TypstError:
        pass
    try:
        return _compiled(answer, document, templates, _all_fonts(), ["1.7", "ua-1"])
    except typst.TypstError:
        document["glyphs"] = in_language(answer.language)("glyphs")
    try:
        return _compiled(answer, document, templates, _all_fonts(), ["1.7"])
    except typst.TypstError:
        raise ReportFailed(answer.number) from None


def _compiled(answer: Answer, document: dict[str, Any], templates: Templates, fonts: Any, standards: Any) -> bytes:
    made = answer.made_on
    return bytes(
        typst.compile(
            templates.folder / TEMPLATE,
            root=templates.folder,
            font_paths=fonts,
            sys_inputs={"data": json.dumps(document, ensure_ascii=False)},
            pdf_standards=standards,
            timestamp=datetime(made.year, made.month, made.day, 12, tzinfo=UTC),
        )
    )


@cache
def _fonts() -> Any:
    """Typst's own fonts, read once: Libertinus Serif and DejaVu Sans Mono; nothing of the machine's."""
    return typst.Fonts(include_system_fonts=False)


@cache
def _all_fonts() -> Any:
    """With what the machine has besides."""
    return typst.Fonts(include_system_fonts=True)


def _document(answer: Answer) -> dict[str, Any]:
    say = in_language(answer.language)
    seen = [read(answer, store, content, say) for store in answer.stores for content in store.tables]
    stores = [_store(answer, store.name, seen, say) for store in answer.stores]
    return {
        "lang": answer.language,
        "number": answer.number,
        "words": {name: say(name) for name in _LABELS},
        "title": say("title", controller=answer.policy.controller.name),
        "facts": _facts(answer, say),
        "intro": say("intro") if answer.row_count else say("intro_nothing"),
        "summary": article15.summary(answer, seen, say),
        "sections": article15.sections(answer, seen, say),
        "stores": stores,
        "records_note": say("records_lead"),
        "glyphs": "",
    }


_LABELS = (
    "subtitle", "confidential", "page", "of", "contents", "summary", "kind", "count", "why", "how_long", "store_empty",
)  # fmt: skip


def _facts(answer: Answer, say: Words) -> list[list[str]]:
    controller, language = answer.policy.controller, answer.language
    facts = [[say("reference"), answer.number]]
    if answer.name:
        facts.append([say("for"), " ".join(printable(answer.name).split())])
    if answer.on_behalf_of:
        facts.append([say("on_behalf_of"), " ".join(printable(answer.on_behalf_of).split())])
    return [
        *facts,
        [say("received"), long_date(answer.received, language)],
        [say("made"), long_date(answer.made_on, language)],
        [say("by"), f"{controller.name}, {controller.address}, {controller.postal_code} {controller.city}"],
        [say("contact"), f"{controller.officer.in_(language)}, {controller.email}, {controller.phone}"],
    ]


def _store(answer: Answer, name: str, seen: Iterable[Seen], say: Words) -> dict[str, Any]:
    mine = [table for table in seen if table.store.name == name]
    language: Language = answer.language
    empty = [
        table.content.table.title.in_(language)
        for table in mine
        if not table.content.row_count and table.content.table.access and table.content.table.subject
    ]
    title = next(store.title.in_(language) for store in answer.stores if store.name == name)
    return {
        "title": say("records", store=title),
        "tables": [laid_out(answer, table, say) for table in mine if table.content.row_count],
        "empty": say("empty_tables", titles="; ".join(dict.fromkeys(empty))) if empty else "",
    }

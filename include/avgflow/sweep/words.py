"""What a sweep says to a person, in Dutch and English: names, figures, why rows stay, why a human must look. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from avgflow.catalog.models import Catalog, Text
from avgflow.catalog.names import TableName
from avgflow.policy.models import Policy
from avgflow.sweep.caps import Ask
from avgflow.sweep.figures import Held

HELD: Mapping[str, Text] = {
    Held.HOLD: Text(
        nl="er een wisverbod is (claim, klacht, rechtszaak of incident)",
        en="there is a hold (claim, complaint, lawsuit or incident)",
    ),
    Held.RESTRICTION: Text(nl="het gebruik beperkt is (artikel 18 AVG)", en="its use is restricted (article 18 GDPR)"),
    Held.REQUEST: Text(nl="een verzoek van dezelfde persoon nog loopt", en="a request of the same person is open"),
    Held.NEEDED: Text(nl="een rij die blijft ernaar verwijst", en="a row that stays points to it"),
}
"""Why a row that is past its term stays, after 'omdat' and 'because'."""

ACTIONS: Mapping[str, Text] = {
    "delete": Text(nl="wissen", en="delete"),
    "anonymise": Text(nl="leegmaken", en="empty"),
}

_WHY: Mapping[str, Text] = {
    "first": Text(
        nl="Er is nog nooit opgeschoond. Daarom kijkt er eerst iemand. Het gaat om {rows}.",
        en="No sweep was ever carried out, so somebody looks first. It is about {rows}.",
    ),
    "changed": Text(
        nl="De gegevenskaart of het beleid is veranderd sinds de laatste goedkeuring. Het gaat om {rows}.",
        en="The catalog or the policy has changed since the last approval. It is about {rows}.",
    ),
    "stopped": Text(
        nl="De vorige keer is het opschonen gestopt, of klopte de natelling niet. Het gaat om {rows}.",
        en="The last sweep was stopped, or its re-count did not pass. It is about {rows}.",
    ),
    "clock": Text(
        nl="Er zijn meer dan vijf weken voorbij sinds de vorige keer, of de datum ligt ervoor. Klopt de datum op deze "
        "machine? Het gaat om {rows}.",
        en="More than five weeks have passed since the last sweep, or this day lies before it. Is the date of this "
        "machine right? It is about {rows}.",
    ),
    "rows": Text(
        nl="{table} ({store}, regel {code}): {rows}. Bij {limit} of minder vragen wij niets.",
        en="{table} ({store}, rule {code}): {rows}. For {limit} or fewer we do not ask.",
    ),
    "share": Text(
        nl="{table} ({store}, regel {code}): {rows} van de {of} in de tabel, dat is {share}. Bij {limit} of "
        "minder vragen wij niets.",
        en="{table} ({store}, rule {code}): {rows} of the {of} in the table, which is {share}. For {limit} or fewer "
        "we do not ask.",
    ),
    "usual": Text(
        nl="{table} ({store}, regel {code}): {rows}. In een gewone week zijn het er ongeveer {of}. Bij {limit} of "
        "minder vragen wij niets.",
        en="{table} ({store}, rule {code}): {rows}. In the usual week it is about {of}. For {limit} or fewer we do "
        "not ask.",
    ),
}
_ROWS = Text(nl="{n} {rijen}", en="{n} {rows}")


def ask(one: Ask, catalog: Catalog, language: str) -> str:
    """A reason why a human must look, with its figures, in `nl` or `en`."""
    return (
        _WHY[one.why]
        .in_(language)
        .format(
            rows=rows(one.rows, language),
            limit=number(one.limit or 0, language),
            of=number(round(one.of or 0), language),
            share=percent(one.rows / one.of, language) if one.of else "",
            store=one.store and store_title(catalog, one.store).in_(language),
            table=one.store and one.table and table_title(catalog, one.store, one.table).in_(language),
            code=one.code,
        )
    )


def rows(n: int, language: str) -> str:
    """A number of rows: `1 rij`, `1.200 rijen`."""
    dutch, english = ("rij", "row") if n == 1 else ("rijen", "rows")
    return _ROWS.in_(language).format(n=number(n, language), rijen=dutch, rows=english)


def people(n: int, language: str) -> str:
    """A number of people: `1 persoon`, `1,200 people`."""
    dutch, english = ("persoon", "person") if n == 1 else ("personen", "people")
    return f"{number(n, language)} {english if language == 'en' else dutch}"


def number(n: int, language: str) -> str:
    """A whole number with its thousands apart: `1.200`, `1,200`."""
    written = f"{n:,}"
    return written if language == "en" else written.replace(",", ".")


def percent(part: float, language: str) -> str:
    """A part of one in whole percents, `minder dan 1%` where it is less."""
    if 0 < part < 0.01:
        return "less than 1%" if language == "en" else "minder dan 1%"
    return f"{part:.0%}"


def store_title(catalog: Catalog, store: str) -> Text:
    """What a store is called; its code where the catalog has no such store any more."""
    known = catalog.stores.get(store)
    return known.title if known else Text(nl=store, en=store)


def table_title(catalog: Catalog, store: str, table: str) -> Text:
    """What a table is called; its name where the catalog has no such table any more."""
    known = catalog.stores.get(store)
    described = known.tables.get(TableName.parse(table)) if known else None
    return described.title if described else Text(nl=table, en=table)


def class_title(policy: Policy, record_class: str) -> Text:
    """What a record class is called; its code where the policy has no such class any more."""
    known = policy.classes.get(record_class)
    return known.title if known else Text(nl=record_class, en=record_class)

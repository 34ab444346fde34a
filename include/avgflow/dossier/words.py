"""The fixed texts of the report, in Dutch (B1) and English; what a company may say differently is in its policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from avgflow.catalog.models import Text
from avgflow.dossier.content import Language

Words: TypeAlias = Callable[..., str]

_TEXTS = {
    "title": Text(nl="Uw gegevens bij {controller}", en="Your data at {controller}"),
    "subtitle": Text(nl="Antwoord op uw inzageverzoek", en="The answer to your access request"),
    "reference": Text(nl="Kenmerk", en="Reference"),
    "for": Text(nl="Voor", en="For"),
    "on_behalf_of": Text(nl="Namens", en="On behalf of"),
    "received": Text(nl="Ontvangen", en="Received"),
    "made": Text(nl="Gemaakt", en="Made"),
    "by": Text(nl="Verantwoordelijk", en="Controller"),
    "contact": Text(nl="Vragen", en="Questions"),
    "confidential": Text(nl="Persoonlijk en vertrouwelijk", en="Personal and confidential"),
    "page": Text(nl="pagina", en="page"),
    "of": Text(nl="van", en="of"),
    "contents": Text(nl="In dit document", en="In this document"),
    "intro": Text(
        nl="U vroeg ons welke persoonsgegevens wij van u hebben. Dit is ons antwoord. Ja, wij gebruiken "
        "persoonsgegevens van u. Hieronder staat in het kort welke. Daarna leest u waarvoor wij ze gebruiken, met wie "
        "wij ze delen, hoe lang wij ze bewaren en wat uw rechten zijn. Achteraan staan de gegevens zelf.",
        en="You asked us which personal data we have about you. This is our answer. Yes, we use personal data about "
        "you. Below you see in short which. After that you read what we use them for, with whom we share them, how "
        "long we keep them and what your rights are. The data themselves come last.",
    ),
    "intro_nothing": Text(
        nl="U vroeg ons welke persoonsgegevens wij van u hebben. Dit is ons antwoord: wij hebben in onze systemen "
        "geen gegevens van u gevonden.",
        en="You asked us which personal data we have about you. This is our answer: we found no data about you in our "
        "systems.",
    ),
    "summary": Text(nl="Wat wij van u hebben", en="What we have about you"),
    "kind": Text(nl="Welke gegevens", en="Which data"),
    "count": Text(nl="Aantal", en="Number"),
    "why": Text(nl="Waarvoor", en="What for"),
    "how_long": Text(nl="Hoe lang wij ze bewaren", en="How long we keep them"),
    "other_kind": Text(nl="Overige gegevens", en="Other data"),
    "nothing_here": Text(nl="geen gegevens van u", en="no data about you"),
    "purposes": Text(nl="Waarvoor wij uw gegevens gebruiken", en="What we use your data for"),
    "basis": Text(nl="Waarom dat mag: {bases}.", en="Why that is allowed: {bases}."),
    "basis_a": Text(nl="uw toestemming (a)", en="your consent (a)"),
    "basis_b": Text(nl="een overeenkomst met u of uw werkgever (b)", en="a contract with you or your employer (b)"),
    "basis_c": Text(nl="een plicht uit de wet (c)", en="a legal obligation (c)"),
    "basis_d": Text(nl="een levensbelang (d)", en="a vital interest (d)"),
    "basis_e": Text(nl="een publieke taak (e)", en="a public task (e)"),
    "basis_f": Text(nl="ons gerechtvaardigd belang (f)", en="our legitimate interest (f)"),
    "bases_note": Text(
        nl="De letters verwijzen naar artikel 6 lid 1 van de AVG.",
        en="The letters refer to article 6(1) of the GDPR.",
    ),
    "categories": Text(nl="Welke soorten gegevens dat zijn", en="Which kinds of data these are"),
    "category": Text(nl="Soort gegevens", en="Kind of data"),
    "where": Text(nl="Waar ze staan", en="Where they are kept"),
    "origin": Text(nl="Hoe wij eraan komen", en="How we got them"),
    "origin_provided": Text(nl="u gaf ze ons", en="you gave them to us"),
    "origin_observed": Text(nl="vastgelegd bij gebruik", en="recorded during use"),
    "origin_derived": Text(nl="door ons gemaakt", en="made by us"),
    "origin_third party": Text(nl="van iemand anders gekregen", en="received from someone else"),
    "source": Text(nl="Waar uw gegevens vandaan komen", en="Where your data come from"),
    "recipients": Text(nl="Met wie wij uw gegevens delen", en="With whom we share your data"),
    "recipients_none": Text(
        nl="Wij delen de gegevens die wij van u hebben met niemand buiten ons bedrijf.",
        en="We share the data we have about you with nobody outside our company.",
    ),
    "recipients_note": Text(
        nl="Onze eigen medewerkers horen daar niet bij. Wilt u weten welk bedrijf het precies is? Vraag het ons.",
        en="Our own staff are not among them. If you want to know exactly which company it is, ask us.",
    ),
    "receives": Text(nl="Krijgt: {classes}.", en="Receives: {classes}."),
    "named": Text(nl="Dat zijn: {names}.", en="These are: {names}."),
    "abroad": Text(nl="Gevestigd in: {country}.", en="Established in: {country}."),
    "terms": Text(nl="Hoe lang wij uw gegevens bewaren", en="How long we keep your data"),
    "by_law": Text(nl="Dit staat in {source}.", en="This is laid down in {source}."),
    "decisions": Text(nl="Besluiten door een computer", en="Decisions by a computer"),
    "transfers": Text(nl="Gegevens buiten de Europese Unie", en="Data outside the European Union"),
    "rights": Text(nl="Uw rechten", en="Your rights"),
    "rights_lead": Text(
        nl="Gebruikmaken van uw rechten kost niets. Stuur ons een bericht of bel ons: {email}, {phone}.",
        en="Using your rights is free of charge. Send us a message or call us: {email}, {phone}.",
    ),
    "remedies": Text(nl="Klacht indienen of naar de rechter", en="Complaining or going to court"),
    "left_out": Text(nl="Wat er niet in staat", en="What is not included"),
    "left_out_nothing": Text(
        nl="Wij hebben niets weggelaten en niets vervangen.", en="We left nothing out and replaced nothing."
    ),
    "noted": Text(nl="Wat u ons eerder liet weten", en="What you let us know before"),
    "noted_lead": Text(
        nl="Sommige gegevens moeten blijven zoals ze zijn, of zijn een mening van een medewerker. U liet ons weten wat "
        "er niet klopt. Dat staat er nu bij:",
        en="Some data have to stay as they are, or are the opinion of a member of staff. You let us know what is not "
        "right about them. That now stands beside them:",
    ),
    "noted_on": Text(
        nl="Vastgelegd op {day}, bij {rows} van uw gegevens.", en="Recorded on {day}, beside {rows} of your records."
    ),
    "limited": Text(nl="Wat wij voorlopig niet gebruiken", en="What we do not use for the time being"),
    "limited_lead": Text(
        nl="Deze gegevens bewaren wij alleen. Wij gebruiken ze niet, tot u van ons hoort dat dit eindigt.",
        en="We only store these data. We do not use them until you hear from us that this ends.",
    ),
    "limited_all": Text(nl="Alle gegevens van u", en="All data about you"),
    "limited_since": Text(nl="Sinds {day}.", en="Since {day}."),
    "withheld": Text(
        nl="Een deel van uw gegevens kunnen wij u nu niet geven. Dat mag als het nodig is, bijvoorbeeld voor een "
        "onderzoek of om anderen te beschermen (artikel 41 lid 1 UAVG). Bent u het daar niet mee eens? Hieronder leest "
        "u waar u dan terecht kunt.",
        en="We cannot give you a part of your data now. That is allowed where it is necessary, for example for an "
        "inquiry or to protect others (article 41(1) of the Dutch GDPR Implementation Act, UAVG). If you disagree, you "
        "can read below where you can go.",
    ),
    "shared_mailbox": Text(
        nl="Een e-mailadres waarmee wij zochten, wordt door meer mensen gebruikt. Gegevens die alleen aan dat adres "
        "hangen, kunnen van iemand anders zijn. Die staan er niet in. Mist u iets? Laat het ons weten, dan zoeken wij "
        "het samen met u uit.",
        en="An e-mail address that we searched with is used by more people. Data that hang only on that address may be "
        "somebody else's. They are not included. If you miss something, let us know and we will sort it out with you.",
    ),
    "replaced_where": Text(nl="Waar", en="Where"),
    "replaced_what": Text(nl="Welk gegeven", en="Which item"),
    "replaced_why": Text(nl="Waarom", en="Why"),
    "replaced_count": Text(nl="Hoe vaak", en="How often"),
    "reason_third_party": Text(nl="naam van iemand anders", en="somebody else's name"),
    "reason_name": Text(nl="naam van iemand anders in een tekst", en="somebody else's name in a text"),
    "reason_email": Text(nl="e-mailadres van iemand anders", en="somebody else's e-mail address"),
    "reason_phone": Text(nl="telefoonnummer van iemand anders", en="somebody else's telephone number"),
    "not_included": Text(nl="{title} ({store}): {why}", en="{title} ({store}): {why}"),
    "records": Text(nl="Uw gegevens: {store}", en="Your data: {store}"),
    "records_lead": Text(
        nl="Velden die niet zijn ingevuld en technische nummers laten wij hier weg, zodat het leesbaar blijft. In de "
        "bestanden met CSV en JSON staan ze wel. Tijden zijn Nederlandse tijden.",
        en="To keep this readable, fields that are not filled in and technical numbers are left out here. They are in "
        "the CSV and JSON files. Times are Dutch times.",
    ),
    "store_empty": Text(
        nl="In dit systeem hebben wij geen gegevens van u gevonden.", en="In this system we found no data about you."
    ),
    "empty_tables": Text(
        nl="Hierin hebben wij gezocht, maar geen gegevens van u gevonden: {titles}.",
        en="We searched here, but found no data about you: {titles}.",
    ),
    "rows_one": Text(nl="1 regel", en="1 record"),
    "rows_many": Text(nl="{n} regels", en="{n} records"),
    "capped": Text(
        nl="Hier staan de eerste {shown} van {n}. Alle {n} staan in {file}.",
        en="These are the first {shown} of {n}. All {n} are in {file}.",
    ),
    "only_technical": Text(
        nl="Deze regels bevatten alleen technische nummers. U vindt ze in {file}.",
        en="These records hold only technical numbers. You find them in {file}.",
    ),
    "attached": Text(nl="bestand {name} ({size})", en="file {name} ({size})"),
    "unnamed": Text(nl="zonder naam", en="without a name"),
    "glyphs": Text(
        nl="Sommige tekens, zoals emoji of een ander schrift, kunnen hier als een leeg blokje staan. In de CSV en JSON "
        "staan ze goed.",
        en="Some characters, such as emoji or another script, may show here as an empty box. They are right in the CSV "
        "and JSON.",
    ),
    "blank": Text(nl="(leeg)", en="(empty)"),
    "no_reason": Text(nl="Wij hebben deze gegevens nog nodig.", en="We still need these data."),
    "until": Text(nl="Wij bewaren deze gegevens tot en met {last}.", en="We keep these data until the end of {last}."),
    "until_from": Text(
        nl="De oudste gegevens bewaren wij tot en met {first}, de nieuwste tot en met {last}.",
        en="We keep the oldest data until the end of {first}, the newest until the end of {last}.",
    ),
    "as_long_as_law": Text(
        nl="Wij bewaren deze gegevens zolang de wet dat voorschrijft.",
        en="We keep these data as long as the law prescribes.",
    ),
    "as_long_as_claim": Text(
        nl="Wij bewaren deze gegevens zolang dat loopt. Daarna bekijken wij opnieuw of wij ze kunnen wissen.",
        en="We keep these data as long as that is pending. After that we look again whether we can erase them.",
    ),
    "as_long_as_contract": Text(
        nl="Wij bewaren deze gegevens zolang dat zo is. Daarna kunt u ons opnieuw vragen om ze te wissen.",
        en="We keep these data as long as that is so. After that you can ask us again to erase them.",
    ),
}


def in_language(language: Language) -> Words:
    """The texts in one language: `say('rows_many', n=3)`; `KeyError` for a text that does not exist."""

    def say(name: str, /, **values: object) -> str:
        text = _TEXTS[name].in_(language)
        return text.format(**values) if values else text

    return say


def text(name: str) -> Text:
    """One text in both languages; `KeyError` for one that does not exist."""
    return _TEXTS[name]


def article(reference: str) -> Text:
    """A part of the AVG written out: `17(3)(b)` is `artikel 17 lid 3 letter b AVG`, `article 17(3)(b) GDPR`."""
    parts = reference.replace(")", "").split("(")
    dutch = " ".join(f"{word} {part}" for word, part in zip(("artikel", "lid", "letter"), parts, strict=False))
    return Text(nl=f"{dutch} AVG", en=f"article {reference} GDPR")


def has(name: str) -> bool:
    """Whether there is a text of that name."""
    return name in _TEXTS

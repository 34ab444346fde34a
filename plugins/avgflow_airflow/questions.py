"""What a human is asked, in Dutch and English: fixed texts, which hold nothing of the request but its number."""

from __future__ import annotations

from collections.abc import Mapping

from avgflow.handling.waiting import Waiting
from avgflow.intake import Verification

BODIES: Mapping[Waiting, str] = {
    Waiting.VERIFICATION: """
Er is nog niet vastgesteld wie dit verzoek doet. Stel dat vast, zonder kopie van een identiteitsbewijs. Zeg hieronder
hoe u dat deed en kies **Verder**. U kunt een eenmalige code laten mailen naar een adres dat wij al kennen: `avgflow
request code NUMMER`. Geef die op met `avgflow request verify NUMMER --code CODE`, niet hier. Vraagt u het op een
andere manier? Leg dat vast met `avgflow request asked NUMMER`: de termijn staat dan stil. Stuurde iemand ongevraagd
een kopie van een identiteitsbewijs? Wis die meteen.

*It is not known yet who makes this request. Verify the person, without a copy of an identity document. Say below how
you did it, then choose **Verder** (go on). A one-time code can be mailed to an address that was known already:
`avgflow request code NUMBER`. Give it with `avgflow request verify NUMBER --code CODE`, not here. If you ask another
way, record that with `avgflow request asked NUMBER`: the term stands still meanwhile. If somebody sent a copy of an
identity document unasked, delete it at once.*
""",
    Waiting.MANDATE: """
Iemand vraagt dit voor een ander. Bekijk de machtiging of het bewijs van gezag: noemt het wie er vraagt, voor wie, en
wat er gevraagd mag worden? Kies hieronder 'Machtiging gezien' en dan **Verder**. Is er nog geen machtiging? Vraag
die, en leg dat vast met `avgflow request asked NUMMER`: de termijn staat dan stil.

*Somebody asks this for another person. Look at the mandate or proof of authority: does it name who asks, for whom,
and what may be asked? Choose 'mandate' below, then **Verder** (go on). If there is none yet, ask for it and record
that with `avgflow request asked NUMBER`: the term stands still meanwhile.*
""",
    Waiting.DECLINE: """
Uit wie er vraagt, volgt dat wij dit verzoek niet zo mogen uitvoeren. Bekijk het voorstel en de brief: `avgflow
request decline NUMMER`. Bevestig het met `avgflow request decline NUMMER --confirm`, niet hier. Toont een werkgever
alsnog een machtiging? Kies dan hieronder 'Machtiging gezien' en **Verder**. Kies **Stoppen** als er verkeerd staat
wie er vraagt, en schrijf het verzoek opnieuw in.

*From who asks it follows that we may not carry this request out as it is. Look at the proposal and the letter:
`avgflow request decline NUMBER`. Confirm it with `avgflow request decline NUMBER --confirm`, not here. If an employer
shows a mandate after all, choose 'mandate' below, then **Verder** (go on). Choose **Stoppen** (stop) if it is wrong
who asks, and register the request anew.*
""",
    Waiting.CHOICE: """
Dit verzoek kan over meer dan één persoon gaan. `avgflow request show NUMMER --candidates` toont wie het kunnen zijn.
Vul hieronder het nummer in van de juiste persoon en kies **Verder**. Staat dezelfde persoon er vaker? Vul dan al die
nummers in, bijvoorbeeld `1,3`.

*This request may be about more than one person. `avgflow request show NUMBER --candidates` shows who they are. Give
the number of the right one below (several, such as `1,3`, if they are the same person), then choose **Verder** (go
on).*
""",
    Waiting.ADDRESS: """
De identiteit is vastgesteld met een bekend e-mailadres, maar het adres van dit verzoek staat bij deze persoon in geen
enkel systeem. Weet u zeker dat het adres van deze persoon is? Kies dan **Verder**. Anders: **Stoppen**. U hoeft
hieronder niets in te vullen.

*The person was verified by a known e-mail address, but no store holds the address of this request for them. Choose
**Verder** (go on) only if you are sure that it is theirs; else **Stoppen** (stop). Leave the fields below empty.*
""",
    Waiting.HANDOVER: """
Het pakket is te groot voor een e-mail. Het staat klaar in de werkmap van avgflow, bij dit nummer. Geef het op een
andere, veilige manier aan de persoon, of aan het bedrijf dat de persoon noemde, en kies daarna **Verder**.

*The package is too large for a mail. It lies in avgflow's work folder, under this number. Hand it over safely another
way, to the person or to the company that the person named, then choose **Verder** (go on).*
""",
    Waiting.REFUSAL: """
Wij hebben gegevens van deze persoon, maar niets dat wij kunnen meegeven (artikel 20 AVG). Het antwoord is dan een
weigering. Bekijk het plan: `avgflow request show NUMMER --plan`. Bij `withhold` staat waarom. Bent u het ermee eens?
Vul hieronder de twaalf letters en cijfers onder het plan in en kies **Verder**. Kies **Stoppen** als het niet klopt. Is
er meer dan één privacy officer? Dan keurt iemand anders goed dan wie het verzoek inschreef.

*We have data about this person, but nothing that we can give along (article 20 GDPR), so the answer is a refusal. Look
at the plan: `avgflow request show NUMBER --plan`; `withhold` tells why. If you agree, give the twelve signs that name
the plan below and choose **Verder** (go on), else **Stoppen** (stop). Where there is more than one privacy officer,
another one agrees than who registered the request.*
""",
    Waiting.APPROVAL: """
Dit verzoek verandert gegevens in de systemen. Bekijk het plan: `avgflow request show NUMMER --plan`. Onder het plan
staat welk plan het is, in twaalf letters en cijfers. Vul die hieronder in en kies **Verder**. Kies **Stoppen** om het
plan af te keuren. Is er meer dan één privacy officer? Dan keurt iemand anders goed dan wie het verzoek inschreef.

*This request changes data in the stores. Look at the plan: `avgflow request show NUMBER --plan`. It ends with the
twelve signs that name it. Give these below and choose **Verder** (go on), or **Stoppen** (stop) to refuse the plan.
Where there is more than one privacy officer, another one approves than who registered the request.*
""",
    Waiting.WEIGHING: """
De persoon maakt bezwaar (artikel 21 lid 1 AVG). Weeg dat af voor elke soort gegevens waarbij in het plan `weigh` staat:
`avgflow request show NUMMER --plan`. Gaf de persoon geen reden? Vraag daar eerst naar. Vul uw afweging hieronder in,
bijvoorbeeld `R1=uphold R2=refuse:compelling-grounds`, of `all=uphold`, en kies **Verder**. Redenen om af te wijzen:
`compelling-grounds`, `legal-claims`, `contract`, `no-situation`. Tot die tijd zijn deze gegevens beperkt: wij bewaren
ze alleen (artikel 18 AVG). Is er meer dan één privacy officer? Dan wijst iemand anders af dan wie het bezwaar
inschreef.

*The person objects (article 21(1) GDPR). Weigh that for each kind of data that the plan says to weigh: `avgflow request
show NUMBER --plan`. If the person gave no reason, ask for it first. Say below how you weigh it, such as `R1=uphold
R2=refuse:compelling-grounds` or `all=uphold`, then choose **Verder** (go on). Reasons to refuse: `compelling-grounds`,
`legal-claims`, `contract`, `no-situation`. Until then these data are restricted: we only store them (article 18 GDPR).
Where there is more than one privacy officer, another one refuses than who registered the objection.*
""",
}

SWEEP = """
Er is geteld wat langer bewaard is dan mag. Er is nog niets gewist. Bekijk wat er geteld is en waarom wij het vragen:
`avgflow retention show` (u kreeg er ook een mail over). Onderaan staan twaalf letters en cijfers. Klopt het? Vul die
hieronder in en kies **Verder**. Klopt het niet? Kies **Stoppen**: dan wordt er niets gewist. Komt er geen antwoord,
dan gebeurt er ook niets.

*What is kept longer than it may be was counted. Nothing has been deleted yet. Look at what was counted and why we ask:
`avgflow retention show` (you got a mail about it too). It ends with twelve signs. If it is right, give them below and
choose **Verder** (go on). If it is not, choose **Stoppen** (stop): nothing is deleted then. Without an answer nothing
happens either.*
"""
"""What a human is asked before a sweep that goes beyond a cap, or is the first since something changed."""

WAYS: Mapping[str, str] = {
    "null": "– kies / choose –",
    Verification.PORTAL_LOGIN: "Ingelogd op het klantenportaal (portal login)",
    Verification.KNOWN_EMAIL: "Antwoord vanaf een bekend e-mailadres (known e-mail)",
    Verification.PHONE_CALLBACK: "Teruggebeld op een bekend nummer (phone call-back)",
    Verification.IN_PERSON: "In persoon (in person)",
    Verification.MANDATE: "Machtiging gezien (mandate)",
}
"""How Airflow's form names the ways of verifying."""

"""What the page says in Dutch of a fault; one that is not here speaks for itself, in English."""

from __future__ import annotations

from collections.abc import Mapping

DUTCH: Mapping[str, tuple[str | None, str | None]] = {
    "InvalidEmail": ("Het e-mailadres klopt niet. Vul één adres in, zoals naam@bedrijf.nl.", "email"),
    "InvalidReceived": (
        "De dag van ontvangst klopt niet. Kies een dag na 24 mei 2018, tot en met vandaag.",
        "received",
    ),
    "UnknownRight": ("Kies wat de persoon vraagt.", "right"),
    "UnknownScope": ("Kies waar het bezwaar over gaat.", "to"),
    "UnknownGround": ("Kies waarom het gebruik van gegevens beperkt moet worden.", "ground"),
    "UnknownVerification": ("Kies hoe u de identiteit vaststelde.", "verified_by"),
    "MandateMisplaced": (
        "Een machtiging hoort bij iemand die voor een ander vraagt. Kies daarbij wie er vraagt, of laat dit leeg.",
        "verified_by",
    ),
    "UnknownLanguage": ("Kies Nederlands of Engels.", "language"),
    "UnknownCapacity": ("Kies wie er vraagt.", "asks_as"),
    "InvalidBirth": ("De geboortedag ontbreekt of klopt niet. Van een kind moet u hem opgeven.", "born"),
    "PersonMisplaced": (
        "Wie voor zichzelf vraagt, vult alleen het eigen adres en de eigen naam in. Kies anders wie er vraagt.",
        "person_email",
    ),
    "PersonMissing": (
        "Om wie gaat het? Vul een e-mailadres, een klantnummer of een ander kenmerk van die persoon in.",
        "person_email",
    ),
    "NothingToCorrect": ("Vul in welk gegeven verbeterd moet worden, of geef de verklaring van de persoon.", "new"),
    "InvalidCorrection": (
        "De verbetering klopt niet. Kies het gegeven en vul de juiste waarde in; die is anders dan de oude.",
        "new",
    ),
    "AskedMisplaced": ("U vulde iets in dat bij een ander recht hoort. Kies dat recht ook, of laat het leeg.", "right"),
    "FullNameMissing": (
        "Sommige systemen hebben de naam in één geheel. Vul ook de volledige naam in (full_name), zoals die wordt.",
        "new",
    ),
    "WordMisplaced": ("Kies wat de persoon vraagt.", "right"),
    "AskedTwice": ("U koos hetzelfde twee keer.", "right"),
    "UnknownKind": ("Met dit kenmerk kan in geen enkel systeem gezocht worden. Kies een ander.", "identifier_kind"),
    "UnknownAttribute": ("Dit gegeven kan niet verbeterd worden. Kies een ander.", "new"),
    "NoSuchDay": ("Dit is geen dag. Vul hem in als JJJJ-MM-DD, of laat hem leeg voor vandaag.", None),
    "NothingChosen": ("Er is nog iets te kiezen. Er is niets gedaan.", None),
    "FormNotOurs": (
        "Deze pagina stond te lang open, of het formulier kwam ergens anders vandaan. Open de pagina opnieuw. Er is "
        "niets gedaan.",
        None,
    ),
    "FormTooLarge": ("Het formulier is te groot. Kort de tekst in. Er is niets gedaan.", None),
    "FormUnreadable": ("Het formulier is niet te lezen. Open de pagina opnieuw. Er is niets gedaan.", None),
    "NoSuchPage": ("Deze pagina is er niet.", None),
    "UnknownRequest": ("Dit nummer staat niet op het register.", None),
    "UnknownSweep": ("Dit nummer van een opschoning bestaat niet.", None),
    "WrongForm": ("Een code heeft alleen cijfers. Vul de hele code in.", None),
    "WrongCode": ("De code is niet juist. Hoeveel pogingen er nog zijn, staat op de tijdlijn.", None),
    "NoCode": ("Er is geen code die nog geldt. Mail een nieuwe.", None),
    "NoKnownAddress": (
        "Wij kennen geen e-mailadres dat zeker van deze persoon is. Stel de identiteit op een andere manier vast.",
        None,
    ),
    "NotWaiting": ("Het verzoek wacht hier niet (meer) op. Kijk hieronder wat er nu te doen is.", None),
    "NothingAsked": ("Airflow stelt nu geen vraag over dit verzoek. Wacht even en probeer het opnieuw.", None),
    "AirflowUnreachable": ("Airflow antwoordt niet. Probeer het straks opnieuw.", None),
    "StoreNotConnected": (
        "Vanaf deze pagina zijn de systemen niet te bereiken; dat is zo ingesteld. Wie de opdrachtregel heeft, kan dit "
        "daar wel. Er is niets gedaan.",
        None,
    ),
    "ExtendedAlready": ("De termijn is al verlengd. Dat kan één keer.", None),
    "ExtendedTooLate": (
        "Verlengen kan niet meer: de eerste maand is voorbij. Dat de termijn gemist is, staat op het register. "
        "Antwoord zo snel mogelijk.",
        None,
    ),
    "AnsweredAlready": ("Het antwoord is al de deur uit. Meer tijd is niet nodig.", None),
    "NoteTooLong": ("De toelichting is te lang. Kort hem in.", None),
    "TooLate": ("Intrekken kan niet meer: er is al iets veranderd in een systeem.", None),
    "FactsMissing": ("Deze reden moet u kunnen aantonen. Vul de feiten in, zoals de persoon ze leest.", None),
    "NotAskedYet": ("Vraag de persoon hier eerst om, en herinner er een keer aan.", None),
    "VerifiedAlready": ("De identiteit is al vastgesteld. Kies een andere reden.", None),
    "TooLateToDecline": ("Afwijzen kan niet meer: het antwoord is al gemaakt, of er is al iets veranderd.", None),
    "RequestClosed": ("Dit verzoek is al afgesloten.", None),
    "NoPassphrase": ("Dit verzoek heeft geen wachtzin.", None),
    "NothingToTell": ("Deze ontvanger wist dit al.", None),
    "ToldOnNoSuchDay": ("Op die dag kan het niet verteld zijn. Kies een dag tussen het antwoord en vandaag.", None),
    "WrongDay": ("Op die dag kan het niet gevraagd zijn. Kies een dag tussen de ontvangst en vandaag.", None),
    "WrongReminder": ("Op die dag kan er niet aan herinnerd zijn.", None),
    "AskedLate": ("De maand was toen al voorbij. Een vraag daarna laat de termijn niet stilstaan.", None),
    "UnknownHold": ("Dit wisverbod bestaat niet.", None),
    "SweepEnded": ("Deze opschoning is al afgelopen.", None),
    "SweepWaitsNot": ("Deze opschoning wacht niet (meer) op een besluit.", None),
    "SweepNotAtWork": ("Deze opschoning heeft nog niets veranderd. Wilt u stoppen? Keur de opschoning dan af.", None),
}
"""By the name of the fault's kind: the line, and the form's field that it is about."""

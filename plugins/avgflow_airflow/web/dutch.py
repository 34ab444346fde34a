"""What the page says in Dutch of a fault; one that is not here speaks for itself, in English."""

from __future__ import annotations

from collections.abc import Mapping

from avgflow_airflow.web.dutch_behind import BEHIND

_OF_FORMS: Mapping[str, tuple[str, str | None]] = {
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
    # New requests.
    "RightNotCarriedOut": ("Dit recht kan nog niet uitgevoerd worden. Kies een ander.", "right"),
    "SeveralPeople": (
        "Dit kan over meer personen gaan. Vul nog een kenmerk in, of schrijf het verzoek in: dan kiest u daarna.",
        "email",
    ),
    "WouldBeDeclined": (
        "Wie dit vraagt, mag dat niet of heeft dit recht niet. Na het inschrijven staat er een voorstel om af te "
        "wijzen.",
        "asks_as",
    ),
    "NotStarted": ("Het verzoek staat op het register, maar Airflow startte de run niet. Start hem opnieuw.", None),
    "CaseFileGone": (
        "Het dossier van dit verzoek is gewist, omdat de bewaartermijn voorbij is. De gebeurtenissen staan nog in de "
        "keten.",
        None,
    ),
    # Who asks.
    "NothingToAsk": ("Dit verzoek wacht niet op de persoon. De termijn loopt door.", None),
    "NoCodeNeeded": ("Dit verzoek wacht niet op controle van de identiteit. Een code is niet nodig.", None),
    "NotThatAddress": ("Kies een van de adressen die er staan.", None),
    "CodeNotSent": (
        "De code is gemaakt, maar nog niet verstuurd: Airflow deed niet wat wij vroegen. Mail hem opnieuw.",
        None,
    ),
    "CodeNotTaken": (
        "De code is juist, en dat staat op het register. Maar het verzoek gaat nog niet verder. Kies bij de "
        "manieren: via "
        "een bekend e-mailadres.",
        None,
    ),
    # Decisions, and the course of a request.
    "Withdrawn": ("Dit verzoek is ingetrokken.", None),
    "Declined": ("Dit verzoek is afgewezen. De persoon krijgt alleen nog de brief.", None),
    "NothingProposed": ("Er is niet voorgesteld om dit verzoek af te wijzen.", None),
    "NothingToWithdraw": (
        "Alleen een wisverzoek of een rectificatie kan ingetrokken worden. Stop dit verzoek, als er niets meer hoeft.",
        None,
    ),
    "NotToldYet": (
        "De termijn is verlengd, maar de brief is nog niet verstuurd. Airflow deed niet wat wij vroegen. Doe het "
        "opnieuw.",
        None,
    ),
    "RunStillOpen": (
        "Op het register is het verzoek klaar, maar de run loopt nog en de brief is niet verstuurd. Doe het straks "
        "opnieuw.",
        None,
    ),
    "Stopping": ("Iemand stopte dit verzoek, en de run is nog niet afgelopen. Wacht even.", None),
    "NotStopped": ("Dit verzoek is niet gestopt. Kijk hieronder waar het staat.", None),
    "RunNotEnded": ("De run is nog niet afgelopen. Wacht even en doe het opnieuw.", None),
    "NotTakenUp": (
        "Dat het verzoek verdergaat, staat op het register, maar Airflow deed het nog niet. Doe het opnieuw.",
        None,
    ),
    "NothingAskedToCorrect": ("Dit verzoek vraagt niet om dit gegeven te verbeteren. Kies een ander.", None),
    "AlreadyBegun": ("Het verbeteren is al begonnen. Schrijf een nieuw verzoek in.", None),
    "UnknownDocument": ("Dit bewijsstuk bestaat niet.", None),
    "UnknownNotice": ("Deze ontvanger is over dit verzoek nooit ingelicht.", None),
    # What stands beside requests.
    "NobodyNamed": ("Om wie gaat het? Vul een e-mailadres of een klantnummer in.", "email"),
    "NotRestricted": ("Van dit verzoek geldt geen beperking (meer).", None),
    "ReasonRefused": ("Om deze reden eindigt deze beperking niet. Kies een reden die erbij past.", None),
    "StillAtWork": ("Dit verzoek loopt nog. De beperking eindigt met het besluit erover, of nadat u het stopt.", None),
    "NotLifting": (
        "Dat de beperking eindigt, staat op het register, maar Airflow deed nog niets. Doe het straks opnieuw.",
        None,
    ),
    "UnknownWithholding": ("Dit voorstel bestaat niet.", None),
    "WrongUntil": ("De laatste dag is al voorbij. Kies een latere dag, of laat hem leeg.", "until"),
    "BlankAddress": ("Vul een e-mailadres in.", "address"),
    "UnknownChannel": ("Kies een kanaal.", "channel"),
    "NotOnTheList": ("Dit adres staat niet op de lijst. Er is niets veranderd.", "address"),
    "UnknownBreach": ("Dit datalek bestaat niet.", None),
    "BreachClosed": ("Dit datalek is afgesloten. Kwam er meer aan het licht? Leg een nieuw datalek vast.", None),
    "SweepUnderWay": ("Er loopt al een opschoning. Wacht tot die klaar is.", None),
    "SweepRefused": ("Deze opschoning is afgekeurd. Er is niets veranderd.", None),
    "SweepStopped": ("Deze opschoning is gestopt.", None),
    "AnotherPreview": ("Dit is niet wat er geteld is. Bekijk het opnieuw.", None),
}
"""By the name of the fault's kind: the line, and the form's field that it is about."""

DUTCH: Mapping[str, tuple[str, str | None]] = {
    **_OF_FORMS,
    **{kind: (line, None) for kind, line in BEHIND.items()},
}

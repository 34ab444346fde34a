"""What the page says in Dutch of faults of what lies behind it: stores, register, Airflow, catalog and policy.

`{…}` stands for what a fault knows of itself; `{text}` for its line in English, where only an engineer can mend it.
"""

from __future__ import annotations

from collections.abc import Mapping

BEHIND: Mapping[str, str] = {
    # Airflow.
    "AirflowUnreachable": "Airflow antwoordt niet. Probeer het straks opnieuw.",
    "AirflowRefused": "Airflow weigert dit. Vraag de technisch beheerder om te kijken. ({text})",
    "StoreNotConnected": "Vanaf deze pagina zijn de systemen niet te bereiken. Dat is zo ingesteld. Met de "
    "opdrachtregel "
    "kan het wel. Er is niets gedaan.",
    # The stores.
    "StoreUnsettled": "Het systeem '{store}' is nog bezig met wat eerder begon. Probeer het straks opnieuw.",
    "StoreChanged": "In het systeem '{store}' is iets veranderd sinds het plan is gemaakt. Daar is niets gedaan. "
    "Laat een "
    "nieuw plan maken.",
    "UnexpectedChange": "In het systeem '{store}' is niets gedaan: er zou iets anders veranderen dan het plan zegt. "
    "Vraag "
    "de technisch beheerder om te kijken. ({text})",
    "CountsOff": "In een systeem is niets gedaan: de database telt niet wat er verandert. Vraag de technisch "
    "beheerder om "
    "te kijken. ({text})",
    "CircleOfKeys": "In een systeem is niets gedaan: rijen wijzen in een kring naar elkaar. Vraag de technisch "
    "beheerder om "
    "te kijken. ({text})",
    "WouldReachOthers": "In een systeem is niets gedaan: er zouden gegevens van anderen verdwijnen. Vraag de technisch "
    "beheerder om te kijken. ({text})",
    "CannotAnonymise": "In een systeem is niets gedaan: een veld kan niet leeg worden. Vraag de technisch beheerder "
    "om te "
    "kijken. ({text})",
    "Unclassified": "Van een aantal rijen zegt de gegevenskaart niet wat voor gegevens het zijn. Vraag de technisch "
    "beheerder om te kijken. ({text})",
    "WentEarly": "In het systeem '{store}' is niets gedaan: een rij zou te vroeg weggaan. Meld dit als fout van "
    "avgflow.",
    "SubjectTooWide": "Dit kenmerk past bij te veel personen. Vraag de persoon om een kenmerk dat alleen bij die "
    "persoon "
    "hoort, en schrijf het verzoek opnieuw in.",
    "StillInDoubt": "De systemen zijn veranderd. Het is niet meer zeker om wie het gaat. Laat het verzoek verdergaan.",
    "ValueTaken": "De juiste waarde is van iemand anders in onze systemen. Er is niets veranderd. Vraag het na bij de "
    "persoon.",
    "WhichValue": "In de systemen staan meer waarden van deze persoon. Vraag de persoon welke fout is, en leg dat "
    "hier vast.",
    "ValueRefused": "Een systeem neemt de juiste waarde niet aan. Er is niets veranderd. Vraag de persoon om een "
    "waarde die "
    "past. ({text})",
    # The storage of large packages.
    "StorageUnreachable": "De opslag van grote pakketten antwoordt niet. Probeer het straks opnieuw.",
    "NoS3": "De opslag van grote pakketten is niet te gebruiken. Vraag de technisch beheerder om te kijken. ({text})",
    "UnknownStorage": "De opslag van grote pakketten is niet te gebruiken. Vraag de technisch beheerder om te kijken. "
    "({text})",
    # What was collected, and what is made of it.
    "ReceiptDiffers": "Een systeem is veranderd sinds de gegevens zijn verzameld. Laat een nieuw plan maken.",
    "RowsChanged": "De verzamelde gegevens veranderden terwijl het antwoord werd gemaakt. Laat een nieuw plan maken.",
    "WorkLost": "Wat verzameld was, is er niet meer. Laat een nieuw plan maken.",
    "NotProven": "Er is nog geen bewijs dat het antwoord volledig is.",
    "NotAtItsEnd": "Het verzoek is nog niet af. De tijdlijn laat zien wat er nog mist.",
    "NotSettled": "Het verzoek wacht eerst op een mens. Kijk hieronder wat er nu te doen is.",
    "NotWeighed": "Het bezwaar is nog niet afgewogen.",
    "WorkBusy": "Dit werk wordt al gedaan. Probeer het straks opnieuw.",
    "MailBusy": "Deze mail wordt al verstuurd. Probeer het straks opnieuw.",
    "UnknownMail": "Deze mail bestaat niet.",
    "WrongAddress": "Een e-mailadres is niet te gebruiken in een mail. Verbeter het, en probeer het opnieuw. ({text})",
    "ToldByHand": "Van deze ontvanger is geen e-mailadres bekend. Vertel het zelf, en leg dat hier vast.",
    "LogsGone": "Airflow heeft de takenlogboeken van dit verzoek niet meer. Neem het dossier zonder logboeken.",
    "FolderInUse": "De map voor het dossier is niet leeg. Probeer het opnieuw.",
    "FolderRefused": "Het dossier kan niet geschreven worden. Vraag de technisch beheerder om te kijken. ({text})",
    "PersonalDataFound": "Het dossier is niet gemaakt: er zouden gegevens van de persoon in staan. Meld dit als fout "
    "van "
    "avgflow.",
    # The register.
    "RegisterUnreachable": "Het register antwoordt niet. Probeer het straks opnieuw, of vraag de technisch beheerder "
    "om te "
    "kijken.",
    "RegisterRefused": "De database van het register gaf een fout ({sqlstate}). Er is niets vastgelegd. Probeer het "
    "opnieuw.",
    "RegisterNotMigrated": "Het register is van een andere versie. Vraag de technisch beheerder: avgflow register "
    "migrate.",
    "ChainBroken": "De keten van het register klopt niet. Laat dit meteen onderzoeken. ({text})",
    "NotAHead": "Dit is geen einde van de keten. Het heeft de vorm NUMMER:CONTROLEGETAL.",
    "DetailRefused": "Het register neemt dit niet aan: er zouden gegevens van een persoon in staan. Meld dit als "
    "fout van "
    "avgflow.",
    "KeyMissing": "Een versleutelde waarde van het register gaat niet open. Vraag de technisch beheerder om de "
    "sleutels na "
    "te kijken.",
    "PlanMissing": "Er is nog geen plan van dit verzoek.",
    "LiftedAlready": "Deze beperking is al opgeheven. Schrijf een nieuw verzoek in.",
    "ImpossibleHold": "De termijn kan niet eerder weer lopen dan hij stilstond.",
    # Catalog, policy, settings.
    "CatalogDrift": "De gegevenskaart past niet bij de systemen. Er is niets gedaan. Vraag de technisch beheerder om "
    "te "
    "kijken. ({text})",
    "WrongConfiguration": "De gegevenskaart of het beleid is niet te gebruiken. Vraag de technisch beheerder om te "
    "kijken. "
    "({text})",
    "WrongTemplate": "Een brief of bladzijde is niet te maken. Vraag de technisch beheerder om te kijken. ({text})",
    "WrongSetting": "Een instelling ontbreekt of klopt niet. Vraag de technisch beheerder om te kijken. ({text})",
    "UnknownRecipient": "Deze ontvanger staat niet in het beleid.",
}
"""By the name of the fault's kind."""

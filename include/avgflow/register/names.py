"""The events of the register: one list, with what each says to an auditor in Dutch and English."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Bilingual(StrEnum):
    """A code with a text for people, in Dutch (`nl`) and English (`en`)."""

    nl: str
    en: str

    def __new__(cls, value: str, nl: str = "", en: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.nl = nl
        member.en = en
        return member


class EventName(Bilingual):
    """What can happen. New rights add names; a name that was ever written is never taken away."""

    REGISTER_MIGRATED = "register.migrated", "Register aangemaakt of bijgewerkt", "Register created or updated"
    REGISTER_RESTORED = (
        "register.restored",
        "Na terugzetten van een back-up vergeleken met Airflow",
        "Compared with Airflow after a backup was restored",
    )

    KEYS_ROTATION_BEGUN = (
        "keys.rotation_begun",
        "Begonnen alles met een nieuwe sleutel te verzegelen",
        "Began to seal everything with a new key",
    )
    KEYS_ROTATION_STOPPED = (
        "keys.rotation_stopped",
        "Gestopt voordat alles met de nieuwe sleutel verzegeld was",
        "Stopped before everything was sealed with the new key",
    )
    KEYS_ROTATED = "keys.rotated", "Alles is met de nieuwe sleutel verzegeld", "Everything is sealed with the new key"

    REGISTER_EXPORTED = "register.exported", "Register uitgegeven over een periode", "Register exported for a period"

    REQUEST_REGISTERED = "request.registered", "Verzoek ingeschreven", "Request registered"
    REQUEST_REPEATED = "request.repeated", "Eerdere verzoeken gevonden", "Earlier requests found"
    REQUEST_STARTED = "request.started", "Behandeling begonnen", "Work started"
    REQUEST_RESUMED = "request.resumed", "Behandeling hervat", "Work resumed"
    REQUEST_VERIFIED = "request.verified", "Identiteit vastgesteld", "Identity verified"
    REQUEST_IDENTIFIED = "request.identified", "Persoon opgezocht in de systemen", "Person looked up in the stores"
    REQUEST_AMBIGUOUS = "request.ambiguous", "Meer personen mogelijk", "More than one person possible"
    CANDIDATES_SHOWN = "candidates.shown", "Mogelijke personen getoond", "Possible persons shown"
    REQUEST_RESOLVED = "request.resolved", "Persoon aangewezen door een mens", "Person pointed out by a human"
    REQUEST_EXTENDED = "request.extended", "Termijn verlengd", "Term extended"
    TERM_COUNTED = "term.counted", "Termijn berekend", "Term counted"
    TERM_MISSED = "term.missed", "Termijn overschreden", "Term missed"
    CLOCK_STOPPED = "clock.stopped", "Termijn staat stil: vraag gesteld", "Clock stopped: the person was asked"
    CLOCK_RESUMED = "clock.resumed", "Termijn loopt weer: antwoord ontvangen", "Clock runs again: answer received"
    WATCH_RAN = "watch.ran", "Termijnen nagelopen", "Deadlines looked through"
    REQUEST_WAITING = "request.waiting", "Wacht op een mens", "Waiting for a human"
    REQUEST_COOLING_OFF = "request.cooling_off", "Bedenktijd loopt", "Cooling-off time runs"
    REQUEST_STOPPED = "request.stopped", "Behandeling gestopt", "Work stopped"
    REQUEST_TAKEN_UP = "request.taken-up", "Gevraagd om verder te gaan", "Asked to go on"
    REQUEST_CLOSED = "request.closed", "Verzoek afgesloten", "Request closed"
    REQUEST_QUEUED = "request.queued", "Wacht op een ander verzoek", "Waiting for another request"
    REQUEST_WITHDRAWN = "request.withdrawn", "Verzoek ingetrokken", "Request withdrawn"
    REQUEST_FOLLOW_UP = "request.follow_up", "Vervolgverzoek ingeschreven", "Follow-up request registered"

    CODE_MADE = "code.made", "Eenmalige code gemaakt", "One-time code made"
    CODE_SENT = "code.sent", "Eenmalige code verstuurd", "One-time code sent"
    CODE_REFUSED = "code.refused", "Eenmalige code onjuist", "One-time code wrong"
    CODE_ACCEPTED = "code.accepted", "Eenmalige code klopt", "One-time code right"
    ADDRESSES_SHOWN = "addresses.shown", "Bekende adressen verkort getoond", "Known addresses shown, masked"
    PERSON_REMINDED = "person.reminded", "Betrokkene herinnerd aan de vraag", "Person reminded of the question"

    DECLINE_PROPOSED = "decline.proposed", "Afwijzing voorgesteld", "Decline proposed"
    DECLINE_DROPPED = "decline.dropped", "Voorstel tot afwijzing ingetrokken", "Proposal to decline taken back"
    REQUEST_DECLINED = "request.declined", "Afwijzing bevestigd", "Decline confirmed"

    PLAN_MADE = "plan.made", "Plan gemaakt", "Plan made"
    PLAN_APPROVED = "plan.approved", "Plan goedgekeurd", "Plan approved"
    PLAN_REFUSED = "plan.refused", "Plan afgekeurd", "Plan refused"

    ERASURE_BEGUN = "erasure.begun", "Wissen begonnen", "Erasure begun"

    RECTIFICATION_BEGUN = "rectification.begun", "Verbeteren begonnen", "Correction begun"
    CORRECTION_STATED = "correction.stated", "Gezegd welk gegeven onjuist is", "Said which value is wrong"

    OBJECTION_BEGUN = "objection.begun", "Stoppen begonnen", "Stopping begun"
    OBJECTION_WEIGHED = "objection.weighed", "Bezwaar afgewogen", "Objection weighed"

    RESTRICTION_BEGUN = "restriction.begun", "Beperken begonnen", "Restricting begun"
    RESTRICTION_PLACED = "restriction.placed", "Gebruik van gegevens beperkt", "Use of records restricted"
    RESTRICTION_ENDING = "restriction.ending", "Beperking moet eindigen", "Restriction is to end"
    RESTRICTION_TOLD = "restriction.told", "Einde van de beperking verteld", "Person told that the restriction ends"
    RESTRICTION_LIFTED = "restriction.lifted", "Beperking opgeheven", "Restriction lifted"
    RESTRICTION_KEY_SHOWN = (
        "restriction.key_shown",
        "Sleutel van de beperkingen getoond",
        "Key of the restrictions shown",
    )

    STORE_COLLECTED = "store.collected", "Gegevens verzameld", "Records collected"
    STORE_ERASED = "store.erased", "Gegevens gewist", "Records erased"
    STORE_STOPPED = "store.stopped", "Gebruik van gegevens gestopt", "Use of records stopped"
    STORE_CORRECTED = "store.corrected", "Gegevens verbeterd", "Records corrected"
    STORE_RESTRICTED = "store.restricted", "Gegevens gemarkeerd als beperkt", "Records marked as restricted"
    STORE_REPLAYED = "store.replayed", "Teruggekomen gegevens opnieuw gewist", "Records that came back erased again"
    STORE_FAILED = "store.failed", "Systeem gaf een fout", "Store failed"
    STORE_DRIFTED = "store.drifted", "Systeem wijkt af van de gegevenskaart", "Store differs from the catalog"
    RECEIPTS_SUPERSEDED = "receipts.superseded", "Stappen opnieuw te doen", "Steps to be done anew"

    CHECK_PASSED = "check.passed", "Controle geslaagd", "Check passed"
    CHECK_FAILED = "check.failed", "Controle niet geslaagd", "Check failed"
    MENTIONS_FOUND = (
        "mentions.found",
        "Mogelijk nog genoemd in vrije tekst",
        "Possibly still mentioned in free text",
    )
    REDACTION_MADE = "redaction.made", "Gegevens van anderen onleesbaar gemaakt", "Others' data redacted"

    STEP_FAILED = "step.failed", "Stap mislukt", "Step failed"

    ANSWER_MADE = "answer.made", "Antwoord opgesteld", "Answer made"
    ANSWER_HANDED_OVER = "answer.handed_over", "Antwoord op andere wijze overhandigd", "Answer handed over another way"
    LINK_MADE = (
        "link.made",
        "Pakket in de objectopslag, met een link",
        "Package put into the object storage",
    )
    LINK_REVOKED = "link.revoked", "Link naar het pakket ingetrokken", "Link to the package taken back"
    LINK_ENDED = "link.ended", "Pakket uit de objectopslag gewist", "Package deleted from the object storage"
    PASSPHRASE_MADE = "passphrase.made", "Wachtzin gemaakt", "Passphrase made"
    PASSPHRASE_SHOWN = "passphrase.shown", "Wachtzin getoond", "Passphrase shown"
    MAIL_QUEUED = "mail.queued", "Bericht klaargezet", "Mail queued"
    MAIL_ACCEPTED = "mail.accepted", "Bericht aanvaard door de mailserver", "Mail accepted by the mail server"
    MAIL_FAILED = "mail.failed", "Bericht niet aanvaard", "Mail not accepted"

    WITHHOLDING_PROPOSED = "withholding.proposed", "Voorgesteld om iets niet te geven", "Withholding proposed"
    WITHHOLDING_CONFIRMED = "withholding.confirmed", "Bevestigd om iets niet te geven", "Withholding confirmed"
    WITHHOLDING_RELEASED = "withholding.released", "Wordt weer gegeven", "Withholding released"
    ITEMS_WITHHELD = "items.withheld", "Rijen niet gegeven", "Rows withheld"

    DOCUMENT_ADDED = "document.added", "Bewijsstuk toegevoegd", "Document added"
    DOCUMENT_SHOWN = "document.shown", "Bewijsstuk getoond", "Document shown"
    ANNOTATION_MADE = "annotation.made", "Aantekening gemaakt", "Annotation made"
    ANNOTATIONS_SHOWN = "annotations.shown", "Aantekeningen getoond", "Annotations shown"
    ASKED_SHOWN = "asked.shown", "Gevraagde verbetering getoond", "Correction asked for shown"

    RECIPIENT_TO_TELL = "recipient.to_tell", "Ontvanger in te lichten door een mens", "Recipient to be told by a human"
    RECIPIENT_TOLD = "recipient.told", "Ontvanger ingelicht", "Recipient told"
    RECIPIENT_CONFIRMED = "recipient.confirmed", "Ontvanger heeft bevestigd", "Recipient confirmed"

    HOLD_PLACED = "hold.placed", "Wisverbod geplaatst", "Hold placed"
    HOLD_RELEASED = "hold.released", "Wisverbod opgeheven", "Hold released"

    SUPPRESSION_ADDED = "suppression.added", "Adres op de afmeldlijst gezet", "Address suppressed"
    SUPPRESSION_LIFTED = "suppression.lifted", "Adres van de afmeldlijst gehaald", "Suppression lifted"
    SUPPRESSION_KEY_SHOWN = (
        "suppression.key_shown",
        "Sleutel van de afmeldlijst getoond",
        "Key of the suppressions shown",
    )

    SWEEP_BEGUN = (
        "sweep.begun",
        "Opschonen begonnen: nagaan wat te lang bewaard is",
        "Sweep begun: looking what is past its term",
    )
    SWEEP_PREVIEWED = "sweep.previewed", "Vooraf geteld wat weg mag", "What may go was counted beforehand"
    SWEEP_WAITING = "sweep.waiting", "Opschonen wacht op een mens", "Sweep waits for a human"
    SWEEP_APPROVED = "sweep.approved", "Opschonen goedgekeurd", "Sweep approved"
    SWEEP_REFUSED = "sweep.refused", "Opschonen afgekeurd", "Sweep refused"
    SWEEP_STOP_ASKED = "sweep.stop_asked", "Gevraagd om het opschonen te stoppen", "The sweep was asked to stop"
    STORE_SWEPT = "store.swept", "Opgeschoond wat te lang bewaard was", "What was past its term was swept"
    SWEEP_STOPPED = "sweep.stopped", "Opschonen gestopt", "Sweep stopped"
    SWEEP_PROVEN = "sweep.proven", "Natelling van het opschonen geslaagd", "Re-count of the sweep passed"
    SWEEP_NOT_PROVEN = (
        "sweep.not_proven",
        "Natelling van het opschonen niet geslaagd",
        "Re-count of the sweep not passed",
    )
    SWEEP_ENDED = "sweep.ended", "Opschonen afgerond", "Sweep ended"

    BREACH_OPENED = "breach.opened", "Datalek vastgelegd: de 72 uur lopen", "Breach on record: the 72 hours run"
    BREACH_RECORDED = "breach.recorded", "Datalek aangevuld", "Breach added to"
    BREACH_SHOWN = "breach.shown", "Datalek getoond", "Breach shown"
    BREACH_CLOSED = "breach.closed", "Datalek afgesloten", "Breach closed"

    PERSON_SEARCHED = "person.searched", "Verzoeken van een persoon opgezocht", "Requests of a person looked up"
    SUBJECT_SHOWN = "subject.shown", "Gegevens van wie vraagt getoond", "Details of who asks shown"

    DOSSIER_EXPORTED = "dossier.exported", "Dossier uitgegeven", "Dossier exported"

    REQUEST_LET_GO = "request.let_go", "Dossier na zijn termijn gewist", "Case file deleted after its term"
    DATA_LET_GO = "data.let_go", "Gegevens na hun termijn gewist", "Data deleted after their term"
    HOUSEKEEPING_PART = "housekeeping.part", "Deel van het opruimen gedaan", "Part of the housekeeping done"
    HOUSEKEEPING_DONE = "housekeeping.done", "Opruimen gedaan", "Housekeeping done"

"""The company's own texts: what an answer says besides the data, and what stands there in the place of others' data."""

from __future__ import annotations

from avgflow.catalog.models import Text
from avgflow.configuration import Strict


class Remedies(Strict):
    """Where a person can go: the Autoriteit Persoonsgegevens (art. 15(1)(f), 77) and the court (art. 79, UAVG 35)."""

    authority: Text
    court: Text


class Statements(Strict):
    """Texts that an answer carries, in B1 language; `others` where data of others were replaced (art. 15(4)), `secrets`
    where a secret was left out (art. 32).

    In the answer to an erasure: `erased_backups`, what becomes of copies; `kept`, what is done with data that stay;
    `not_a_refusal`, why some things stay as mere proof; `suppression_explained`, what the list of people who want no
    marketing holds, and that it keeps nobody from becoming a customer.
    """

    rights: tuple[Text, ...]
    source: Text
    automated_decisions: Text
    transfers: Text
    backups: Text
    withdrawal: Text
    others: Text
    secrets: Text
    erased_backups: Text
    kept: Text
    not_a_refusal: Text
    suppression_explained: Text
    remedies: Remedies


class Redaction(Strict):
    """What stands in the place of others' data in an access copy (art. 15(4)); `{n}` counts the people."""

    staff: Text = Text(nl="medewerker {n}", en="staff member {n}")
    other: Text = Text(nl="andere persoon {n}", en="other person {n}")
    email: Text = Text(nl="[e-mailadres van iemand anders]", en="[someone else's e-mail address]")
    phone: Text = Text(nl="[telefoonnummer van iemand anders]", en="[someone else's telephone number]")

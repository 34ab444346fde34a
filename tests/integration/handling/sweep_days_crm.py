"""What happens in the CRM of a simulated company."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sweep_days import STAFF, Days


class Crm(Days):
    """Customers and contacts come and leave; what is said with them."""

    def new_customer(self) -> None:
        """A customer with a contact, in the CRM, the order administration and the portal."""
        nth = self._number()
        sole = self._chance.random() < 0.5
        form, mail = ("eenmanszaak" if sole else "b.v."), f"iemand{nth}@simulatie.example"
        firm = self._one(
            "crm",
            "INSERT INTO organisation (customer_number, name, legal_form, created_at) VALUES (%s, 'Firma', %s, %s) "
            "RETURNING organisation_id",
            f"K-{800_000 + nth}",
            form,
            self._moment(),
        )
        contact = self._one(
            "crm",
            "INSERT INTO contact (contact_number, organisation_id, first_name, last_name, email, created_at) "
            "VALUES (%s, %s, 'Voornaam', 'Achternaam', %s, %s) RETURNING contact_id",
            f"C-{800_000 + nth}",
            firm,
            mail,
            self._moment(),
        )
        self._do("crm", "UPDATE organisation SET primary_contact_id = %s WHERE organisation_id = %s", contact, firm)
        self._do(
            "crm",
            "INSERT INTO address (contact_id, organisation_id, kind, valid) VALUES (%s, NULL, 'postal', '[2026-01-01,)'"
            "), (NULL, %s, 'visiting', '[2026-01-01,)')",
            contact,
            firm,
        )
        self._do(
            "orders",
            "INSERT INTO customer (customer_number, legal_form, name, email, created_at) VALUES (%s, %s, 'F', %s, %s)",
            f"K-{800_000 + nth}",
            form,
            mail if sole else f"firma{nth}@simulatie.example",
            self._moment(),
        )
        if self._chance.random() < 0.6:
            account = self._one(
                "accounts",
                "INSERT INTO portal_account (account_id, contact_number, email, password_hash, created_at, last_seen_at"
                ") VALUES (%s, %s, %s, 'x', %s, %s) RETURNING account_id",
                UUID(int=self._chance.getrandbits(128), version=4),
                f"C-{800_000 + nth}",
                mail,
                self._moment(),
                self._chance.choice((None, self._moment())),
            )
            self._do("accounts", "INSERT INTO preference VALUES (%s, 'taal', '\"nl\"')", account)

    def relation_ends(self) -> None:
        """A customer leaves; everybody's rows have the same day."""
        customer = self._pick("orders", "SELECT customer_number FROM customer WHERE relation_ended_on IS NULL")
        if customer is None:
            return
        number = customer[0].strip(" \t\r\n\u00a0").lower()
        self._do(
            "orders", "UPDATE customer SET relation_ended_on = %s WHERE customer_number = %s", self._today, customer[0]
        )
        self._do(
            "crm",
            "WITH ended AS (UPDATE organisation SET relation_ended_on = %s WHERE lower(customer_number) = %s "
            "RETURNING organisation_id) "
            "UPDATE contact SET relation_ended_on = %s WHERE organisation_id IN (SELECT organisation_id FROM ended)",
            self._today,
            number,
            self._today,
        )

    def relation_resumes(self) -> None:
        """A contact who had left comes back, before their rows are swept."""
        self._change_one(
            "crm",
            "contact",
            "contact_id",
            "relation_ended_on IS NOT NULL",
            "relation_ended_on = NULL, deleted_at = NULL",
        )

    def contact_leaves(self) -> None:
        self._change_one("crm", "contact", "contact_id", "relation_ended_on IS NULL", "relation_ended_on = %s")

    def contact_is_marked_deleted(self) -> None:
        self._change_one("crm", "contact", "contact_id", "deleted_at IS NULL", "deleted_at = %s", moment=True)

    def contact_changes(self) -> None:
        self._change_one("crm", "contact", "contact_id", "true", "\"jobTitle\" = 'Inkoper'")

    def ticket(self) -> None:
        contact = self._contact()
        if contact is None:
            return
        parent = self._pick("crm", "SELECT ticket_id FROM ticket") if self._chance.random() < 0.2 else None
        ticket = self._one(
            "crm",
            "INSERT INTO ticket (parent_ticket_id, opened_by, subject, status, opened_at) "
            "VALUES (%s, %s, 'Vraag', 'open', %s) RETURNING ticket_id",
            parent[0] if parent else None,
            contact,
            self._moment(),
        )
        if self._chance.random() < 0.4:
            self._do(
                "crm",
                "INSERT INTO attachment (ticket_id, content, uploaded_at) VALUES (%s, 'x', %s)",
                ticket,
                self._moment(),
            )

    def close_ticket(self) -> None:
        change = "status = 'closed', closed_at = %s"
        self._change_one("crm", "ticket", "ticket_id", "closed_at IS NULL", change, moment=True)

    def reopen_ticket(self) -> None:
        change = "status = 'open', closed_at = NULL"
        self._change_one("crm", "ticket", "ticket_id", "closed_at IS NOT NULL", change)

    def move_ticket(self) -> None:
        """The date of a closed ticket is set right, forwards or back."""
        moved = f"closed_at = closed_at + interval '{self._chance.choice((-40, -1, 1, 30))} days'"
        self._change_one("crm", "ticket", "ticket_id", "closed_at IS NOT NULL", moved)

    def call(self) -> None:
        recorded = self._chance.random() < 0.6
        self._do(
            "crm",
            "INSERT INTO call (contact_id, started_at, recording, recording_until) VALUES (%s, %s, %s, %s)",
            self._contact() if self._chance.random() < 0.9 else None,
            self._moment(),
            b"geluid" if recorded else None,
            self._today + timedelta(days=90) if recorded else None,
        )

    def note(self) -> None:
        organisation = self._pick("crm", "SELECT organisation_id FROM organisation")
        contact = None if organisation and self._chance.random() < 0.3 else self._contact()
        if contact is None and organisation is None:
            return
        self._do(
            "crm",
            "INSERT INTO note (contact_id, organisation_id, body, author, written_at) VALUES (%s, %s, 'x', %s, %s)",
            contact,
            None if contact is not None or organisation is None else organisation[0],
            STAFF,
            self._moment(),
        )

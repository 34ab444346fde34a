"""What happens in the customer portal and in marketing of a simulated company."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

from sweep_days import Days


class Portal(Days):
    """Accounts, and who reads the newsletter."""

    def log_in(self) -> None:
        account = self._pick("accounts", "SELECT account_id FROM portal_account WHERE closed_at IS NULL")
        if account is None:
            return
        moment = self._moment()
        change = "UPDATE portal_account SET last_seen_at = %s WHERE account_id = %s"
        self._do("accounts", change, moment, account[0])
        self._do("accounts", "INSERT INTO login (account_id, at, succeeded) VALUES (%s, %s, true)", account[0], moment)
        if self._chance.random() < 0.3:
            self._do(
                "accounts",
                "INSERT INTO session (account_id, token, created_at, expires_at) VALUES (%s, 'x', %s, %s)",
                account[0],
                moment,
                moment,
            )

    def close_account(self) -> None:
        change = "closed_at = %s"
        self._change_one("accounts", "portal_account", "account_id", "closed_at IS NULL", change, moment=True)

    def reopen_account(self) -> None:
        self._change_one("accounts", "portal_account", "account_id", "closed_at IS NOT NULL", "closed_at = NULL")

    def subscribe(self) -> None:
        nth = self._number()
        subscriber = self._one(
            "marketing",
            "INSERT INTO subscriber (email, visitor_id, subscribed_at) VALUES (%s, %s, %s) RETURNING subscriber_id",
            f"lezer{nth}@simulatie.example",
            f"V-sim-{nth}" if self._chance.random() < 0.7 else None,
            self._moment(),
        )
        if self._chance.random() < 0.5:
            self._do(
                "marketing",
                "INSERT INTO consent (subscriber_id, purpose, source, proof, given_at) "
                "VALUES (%s, 'newsletter', 'web form', %s, %s)",
                subscriber,
                json.dumps({"ok": True}),
                self._moment(),
            )

    def unsubscribe(self) -> None:
        change = "unsubscribed_at = %s"
        self._change_one("marketing", "subscriber", "subscriber_id", "unsubscribed_at IS NULL", change, moment=True)

    def subscribe_again(self) -> None:
        change = "unsubscribed_at = NULL"
        self._change_one("marketing", "subscriber", "subscriber_id", "unsubscribed_at IS NOT NULL", change)

    def withdraw_consent(self) -> None:
        change = "withdrawn_at = %s"
        self._change_one("marketing", "consent", "consent_id", "withdrawn_at IS NULL", change, moment=True)

    def event(self) -> None:
        """A click, twice alike to the last bit now and then."""
        subscriber = self._pick("marketing", "SELECT subscriber_id FROM subscriber")
        if subscriber is None:
            return
        moment = self._moment()
        for _ in range(self._chance.choice((1, 1, 2))):
            self._do(
                "marketing",
                "INSERT INTO event (subscriber_id, campaign_id, kind, at) VALUES (%s, 1, 'click', %s)",
                subscriber[0],
                moment,
            )

    def answer(self) -> None:
        subscriber = self._pick("marketing", "SELECT subscriber_id FROM subscriber")
        if subscriber is None:
            return
        moment = self._moment()
        for _ in range(2):
            self._do(
                "marketing",
                "INSERT INTO survey_answer (survey_id, subscriber_id, question_no, answer, score, age_band, answered_at"
                ") VALUES (1, %s, %s, %s, 7, %s, %s) ON CONFLICT DO NOTHING",
                subscriber[0],
                100 + self._number(),
                self._chance.choice((None, "Prima")),
                self._chance.choice((None, "[30,50)")),
                moment,
            )

    def visit(self) -> None:
        visitor = self._pick("marketing", "SELECT visitor_id FROM subscriber")
        self._do(
            "marketing",
            "INSERT INTO web_visit (visitor_id, at, page) VALUES (%s, %s, '/')",
            self._chance.choice((visitor[0] if visitor else None, None, f"V-vreemd-{self._number()}")),
            self._moment(),
        )

    def _make_partition(self, today: date) -> None:
        """Of the month, before its first event; where something of it is in the default one, it stays there."""
        then = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
        found = self._pick(
            "marketing",
            f"SELECT to_regclass('event_{today:%Y_%m}'), EXISTS (SELECT FROM event_other WHERE at >= %s AND at < %s)",
            self._midnight(today),
            self._midnight(then),
        )
        if found == (None, False):
            self._do(
                "marketing",
                f"CREATE TABLE event_{today:%Y_%m} PARTITION OF event FOR VALUES FROM ('{self._midnight(today)}') "
                f"TO ('{self._midnight(then)}')",
            )

    @staticmethod
    def _midnight(day: date) -> datetime:
        return datetime.combine(day, time(), UTC)

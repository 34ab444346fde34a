"""What goes on in a company day by day, in the demonstration stores: rows come, end, move and are paid late."""

from __future__ import annotations

from datetime import date

from sweep_days_crm import Crm
from sweep_days_orders import Orders
from sweep_days_portal import Portal


class Business(Crm, Orders, Portal):
    """The company as a whole."""

    def day(self, today: date) -> None:
        """All that happens on a day; committed."""
        self._today = today
        if today.day == 1:
            self._make_partition(today)
        doings = [doing for doing, often in _OFTEN.items() if self._chance.random() < often]
        if today.day == 31 and today.month == 12:
            doings += [Business.years_end] * 2
        if (today.month, today.day) in ((2, 28), (2, 29), (3, 1)):
            doings += [Business.years_end, Business.close_ticket, Business.log_in, Business.answer]
        self._chance.shuffle(doings)
        for doing in doings:
            doing(self)
        self._date_history()
        for store in self._stores.values():
            store.commit()

    def _date_history(self) -> None:
        """What the trigger wrote bears the moment at which this transaction began; it happened today."""
        self._do(
            "crm",
            "UPDATE audit.contact_history SET changed_at = %s WHERE changed_at = now()",
            self._moment(),
        )


_OFTEN = {
    Business.new_customer: 0.06,
    Business.relation_ends: 0.04,
    Business.relation_resumes: 0.02,
    Business.contact_leaves: 0.04,
    Business.contact_is_marked_deleted: 0.02,
    Business.contact_changes: 0.08,
    Business.ticket: 0.3,
    Business.close_ticket: 0.3,
    Business.reopen_ticket: 0.05,
    Business.move_ticket: 0.05,
    Business.call: 0.3,
    Business.note: 0.15,
    Business.quote: 0.1,
    Business.decide_quote: 0.1,
    Business.order: 0.2,
    Business.carry_order_out: 0.2,
    Business.invoice_order: 0.2,
    Business.pay: 0.15,
    Business.cancel: 0.04,
    Business.log_in: 0.4,
    Business.close_account: 0.03,
    Business.reopen_account: 0.01,
    Business.subscribe: 0.08,
    Business.unsubscribe: 0.06,
    Business.subscribe_again: 0.02,
    Business.withdraw_consent: 0.05,
    Business.event: 0.5,
    Business.answer: 0.1,
    Business.visit: 0.3,
}
"""How likely each is on a day."""

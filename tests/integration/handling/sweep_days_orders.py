"""What happens in the order administration of a simulated company."""

from __future__ import annotations

from sweep_days import STAFF, Days


class Orders(Days):
    """Orders are placed, carried out, invoiced, paid late, cancelled."""

    def quote(self) -> None:
        customer = self._pick("orders", "SELECT customer_id FROM customer")
        self._do(
            "orders",
            "INSERT INTO quote (quote_no, customer_id, body, amount, status, made_at) "
            "VALUES (%s, %s, 'x', 1, 'open', %s)",
            f"SQ-{self._number()}",
            customer[0] if customer else None,
            self._moment(),
        )

    def decide_quote(self) -> None:
        change = "status = 'declined', decided_on = %s"
        self._change_one("orders", "quote", "quote_id", "decided_on IS NULL", change)

    def order(self) -> None:
        customer = self._pick("orders", "SELECT customer_id, legal_form FROM customer WHERE relation_ended_on IS NULL")
        if customer is None:
            return
        named = self._pick("crm", "SELECT contact_number, email FROM contact WHERE relation_ended_on IS NULL")
        # A sole proprietor's orders name nobody else, as in the demonstration.
        number = named[0] if named and customer[1] != "eenmanszaak" else None
        order = self._one(
            "orders",
            'INSERT INTO "order" (order_no, customer_id, contact_number, status, "user", ordered_at) '
            "VALUES (%s, %s, %s, 'placed', %s, %s) RETURNING order_id",
            f"SB-{self._number()}",
            customer[0],
            number,
            STAFF,
            self._moment(),
        )
        for line in (1, 2):
            self._do(
                "orders",
                "INSERT INTO order_line (order_id, line_no, parent_line_no, product, quantity, unit_price) "
                "VALUES (%s, %s, %s, 'container', 1, 10)",
                order,
                line,
                1 if line == 2 and self._chance.random() < 0.5 else None,
            )

    def carry_order_out(self) -> None:
        found = self._pick("orders", "SELECT order_id FROM \"order\" WHERE status = 'placed'")
        if found is None:
            return
        change = "UPDATE \"order\" SET status = 'carried out', closed_on = %s WHERE order_id = %s"
        self._do("orders", change, self._today, found[0])
        if self._chance.random() < 0.5:
            self._do(
                "orders",
                "INSERT INTO waste_document (document_no, order_id, line_no, origin_name, origin_address, waste_code, "
                "transported_on) SELECT %s, order_id, line_no, 'F', 'A', '200301', %s FROM order_line "
                "WHERE order_id = %s LIMIT 1",
                f"SW-{self._number()}",
                self._today,
                found[0],
            )

    def invoice_order(self) -> None:
        """Some lines with the order, some later, and now and then an invoice without an order."""
        found = self._pick(
            "orders", "SELECT order_id, customer_id FROM \"order\" WHERE status = 'carried out' AND invoiced_on IS NULL"
        )
        if found is None:
            return
        order, customer = found
        if self._chance.random() < 0.8:
            self._do(
                "orders",
                "UPDATE \"order\" SET invoiced_on = %s, status = 'closed' WHERE order_id = %s",
                self._today,
                order,
            )
        lines = "" if self._chance.random() < 0.7 else " AND line_no = 1"
        self._do("orders", f"UPDATE order_line SET invoiced_on = %s WHERE order_id = %s{lines}", self._today, order)
        self._do(
            "orders",
            "INSERT INTO invoice (invoice_no, customer_id, order_id, issued_on, printed_name, printed_address, amount, "
            "vat) VALUES (%s, %s, %s, %s, 'F', 'A', 10, 2.1)",
            f"SF-{self._number()}",
            customer,
            order if self._chance.random() < 0.9 else None,
            self._today,
        )

    def pay(self) -> None:
        """Whenever they like: on time, or years later."""
        invoice = self._pick(
            "orders",
            "SELECT invoice_id FROM invoice i WHERE NOT EXISTS (SELECT FROM payment p WHERE p.invoice_id = "
            "i.invoice_id)",
        )
        if invoice:
            self._do(
                "orders",
                "INSERT INTO payment (invoice_id, amount_cents, paid_at) VALUES (%s, 1210, %s)",
                invoice[0],
                self._moment(),
            )

    def cancel(self) -> None:
        found = self._pick("orders", "SELECT order_id FROM \"order\" WHERE status = 'placed'")
        if found is None:
            return
        closed = self._today if self._chance.random() < 0.8 else None
        change = "UPDATE \"order\" SET status = 'cancelled', closed_on = %s WHERE order_id = %s"
        self._do("orders", change, closed, found[0])
        self._do(
            "orders",
            "INSERT INTO cancellation (order_id, reason, fee, cancelled_at) VALUES (%s, 'x', %s, %s)",
            found[0],
            self._chance.choice((None, 0, 25)),
            self._moment(),
        )

    def years_end(self) -> None:
        """An order that is carried out and invoiced on one day."""
        self.order()
        self.carry_order_out()
        self.invoice_order()

"""Step 3, once per store: collect what the plan says, and write the receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from avgflow.errors import AvgflowError
from avgflow.handling import carried, planning
from avgflow.handling.environment import Environment
from avgflow.intake import Right
from avgflow.register import receipts
from avgflow.register.database import transaction
from avgflow.register.receipts import Receipt, Step
from avgflow.stores.collect import Collected, Read, collect, read, read_with_basis

READS: Mapping[str, Read] = {Right.ACCESS: read, Right.PORTABILITY: read_with_basis}
"""How the rows are read for each right for which they are collected."""


class ReceiptDiffers(AvgflowError):
    """A store was collected again and gave something else than its receipt says."""

    def __init__(self, number: str, store: str) -> None:
        super().__init__(
            f"'{store}' changed since it was collected for {number}. Clear task 'plan' and what follows, so that all "
            f"stores are collected anew."
        )


def run(env: Environment, store: str, numbers: Sequence[str]) -> dict[str, Receipt]:
    """Collect one store for the batch; a second run of the same finds the receipt and changes nothing.

    `StoreUnreachable` is worth another try; it is put on the register, with the store's name.
    """
    plans = planning.stored(env, numbers)
    done: dict[str, Collected] = {}
    with carried.faults_on_record(env, store, numbers), env.view(store) as view:
        for right, read in READS.items():
            batch = {number: plan.footprint for number, plan in plans.items() if plan.right == right}
            if batch:
                work, keys = env.settings.work, env.keyring
                done |= collect(view.connections[store], view.targets(store), batch, work, keys, read)
    with transaction(env.register) as register:
        return {number: _receipt(env, register, store, number, one) for number, one in done.items()}


def _receipt(env: Environment, register: Connection, store: str, number: str, done: Collected) -> Receipt:
    counts = {str(table): rows for table, rows in done.counts.items()}
    receipt = receipts.put_receipt(register, env.keyring, number, Step.COLLECT, store, counts, done.digest)
    if receipt.digest != done.digest:
        raise ReceiptDiffers(number, store)
    return receipt

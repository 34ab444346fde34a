"""What an objection or a restriction does before and in the stores: the list of who is written to no more, what may not
be used, and the marks; without an approval, for both work at once (art. 18, 21(3)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avgflow.handling import erasing, planning, restricting, suppressing, turns
from avgflow.handling.environment import Environment
from avgflow.handling.turns import NotItsTurn
from avgflow.plan import Plan
from avgflow.register.database import transaction
from avgflow.register.receipts import Receipt


def suppress(env: Environment, number: str) -> Mapping[str, int]:
    """Put the person's addresses on the list, and on the register what may not be used, whoever else is at work in the
    stores; how many addresses, by channel.
    """
    with transaction(env.register) as register:
        plan = planning.newest(env, register, number)
        restricting.place(env, register, plan)
        suppressing.suppress(env, register, plan, plan.right)
    restricting.require(env, plan)
    return suppressing.require(env, plan)


def run(env: Environment, store: str, numbers: Sequence[str]) -> dict[str, Receipt]:
    """Set the marks of the batch in one store, and erase what an objection ends; a second run finds the receipt.

    `NotItsTurn` while another request of the same person is at work in the stores; and what `erase.erase` raises.
    """
    plans: dict[str, Plan] = {}
    for number in numbers:
        if first := turns.begin(env, number):
            raise NotItsTurn(number, first[0].number)
    with transaction(env.register) as register:
        plans = {number: planning.newest(env, register, number) for number in numbers}
    return erasing.carry_out(env, store, plans)

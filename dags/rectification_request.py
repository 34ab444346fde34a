"""
### Verbeterverzoek (AVG art. 16)

Eén run verbetert gegevens van één persoon, met bewijs. De run heet naar het nummer van het verzoek. Wat onjuist is en
wat juist is, staat verzegeld in het register: `avgflow request show NUMMER --asked`.

1. **identify** (Wie is dit?): staat vast wie er vraagt, en wie is dat in de systemen? Zo niet, dan wacht de taak op de
   privacy officer.
2. **plan** (Plan): in welke kolommen van welke tabellen het onjuiste staat, wat al goed is, wat iets anders is, en wat
   moet blijven zoals het is (uitgegeven facturen). Bekijk het met `avgflow request show NUMMER --plan`.
3. **approve** (Goedkeuring): eerst wordt in elk systeem geprobeerd of de database het juiste aanneemt, en meteen weer
   teruggedraaid. Dan keurt een privacy officer precies dit plan goed, na het bewijs te hebben bekeken.
4. Een taak per systeem verbetert in één transactie. Klopt het aantal veranderde rijen niet precies met het plan, dan
   verandert er in dat systeem niets.
5. **validate** (Natelling): telt alles na met een nieuwe verbinding: overal het juiste, nergens nog het onjuiste.
6. **answer** (Antwoord): de brief; aantekeningen bij wat blijft; bericht aan wie de gegevens kreeg (art. 19), en aan
   het oude en het nieuwe e-mailadres als dat veranderde.
7. **close** (Afsluiten): het oordeel. Groen alleen als de goedkeuring, elk ontvangstbewijs, het bewijs en de
   aanvaarding door de mailserver in het register staan, of als de persoon het verzoek introk.

Intrekken kan tot het eerste systeem is veranderd: `avgflow request withdraw NUMMER`.

In deze run staan geen persoonsgegevens: niet in de instellingen, niet in de logboeken, niet in de uitkomsten.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do, and the officer gets a mail. Nothing is half done: a store is
corrected whole, or not at all, and what is still open is on the register.

- `different values`: say which is wrong with `avgflow request correct NUMBER --was …`, then clear **plan**.
- `in use by another person`: ask the person; see the message.
- `refuses a right value`: the value does not fit that store; see the message.
- `store … cannot be reached` or `is busy`: mend the store, then clear its task. The others keep their receipts.
- `changed since the plan was made`: clear **plan** with what follows; the new plan is approved anew.
- re-count not passed: read `avgflow request evidence NUMBER -o FILE`, then clear **plan** with what follows.
- plan refused: correct what it rests on, then clear **plan** with what follows.
- stopped by a human: if the request is to go on after all, `avgflow request resume NUMBER`.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.asking import ApproveOperator, IdentifyOperator
from avgflow_airflow.stores import pool_of, store_names
from avgflow_airflow.tasks import (
    AT_ONCE,
    DEFAULT_ARGS,
    MAIL_RETRIES,
    answer_rectification,
    change,
    close,
    plan,
    recount,
)

with DAG(
    dag_id="rectification_request",
    dag_display_name="Verbeterverzoek (AVG art. 16)",
    description="Verbeterd, of met een aantekening ernaast, en nageteld (rectification request)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=AT_ONCE,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-16"],
):
    chain(
        IdentifyOperator(task_id="identify", task_display_name="Wie is dit?"),
        plan.override(task_display_name="Plan")(),
        ApproveOperator(task_id="approve", task_display_name="Goedkeuring"),
        [
            change.override(task_id=store, task_display_name=title, pool=pool_of(store))(store)
            for store, title in store_names().items()
        ],
        recount.override(task_id="validate", task_display_name="Natelling")(),
        answer_rectification.override(task_id="answer", task_display_name="Antwoord", retries=MAIL_RETRIES)(),
        close.override(task_display_name="Afsluiten", retries=MAIL_RETRIES)(),
    )

"""
### Wisverzoek (AVG art. 17)

Eén run wist de gegevens van één persoon, met bewijs. De run heet naar het nummer van het verzoek.

1. **identify** (Wie is dit?): staat vast wie er vraagt, en wie is dat in de systemen? Zo niet, dan wacht de taak op de
   privacy officer.
2. **plan** (Plan): per tabel en soort gegevens: wissen, leegmaken of bewaren, met de grond en tot wanneer. Nog niets
   wordt veranderd. Bekijk het met `avgflow request show NUMMER --plan`.
3. **approve** (Goedkeuring): eerst gaat een ander verzoek van dezelfde persoon voor, als dat er is. Dan keurt een
   privacy officer precies dit plan goed, onder Required Actions of met `avgflow request approve`. Is er bedenktijd, dan
   wacht de taak die af. Verandert er intussen iets in de systemen, dan wordt het opnieuw gevraagd.
4. Een taak per systeem voert het plan uit in één transactie. Klopt het aantal veranderde rijen niet precies met het
   plan, dan verandert er in dat systeem niets.
5. **validate** (Natelling): telt alles na met een nieuwe verbinding. De uitslag blijft bewaard als bewijs.
6. **answer** (Antwoord): de brief aan de persoon, de afmeldlijst voor reclame, en bericht aan wie de gegevens kreeg.
7. **close** (Afsluiten): het oordeel. Groen alleen als de goedkeuring, elk ontvangstbewijs, het bewijs en de
   aanvaarding door de mailserver in het register staan, of als de persoon het verzoek introk.

Intrekken kan tot het eerste systeem is gewist: `avgflow request withdraw NUMMER`.

In deze run staan geen persoonsgegevens: niet in de instellingen, niet in de logboeken, niet in de uitkomsten.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do, and the officer gets a mail. Nothing is half done: a store is
erased whole, or not at all.

- `store … cannot be reached` or `is busy`: mend the store, then clear its task. The others keep their receipts.
- `changed since the plan was made`: clear **plan** with what follows; the new plan is approved anew.
- `catalog does not fit`: run `avgflow catalog check`, mend the catalog, then clear **plan** with what follows.
- re-count not passed: read `avgflow request evidence NUMBER -o FILE`, then clear **plan** with what follows.
- plan refused: correct what it rests on, then clear **plan** with what follows.
- stopped by a human: if the request is to go on after all, `avgflow request resume NUMBER`.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.asking import ApproveOperator, IdentifyOperator
from avgflow_airflow.stores import pool_of, store_names
from avgflow_airflow.tasks import AT_ONCE, DEFAULT_ARGS, MAIL_RETRIES, answer_erasure, change, close, plan, recount

with DAG(
    dag_id="erasure_request",
    dag_display_name="Wisverzoek (AVG art. 17)",
    description="Gewist, of bewaard met een reden, en nageteld (erasure request)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=AT_ONCE,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-17"],
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
        answer_erasure.override(task_id="answer", task_display_name="Antwoord", retries=MAIL_RETRIES)(),
        close.override(task_display_name="Afsluiten", retries=MAIL_RETRIES)(),
    )

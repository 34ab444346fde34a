"""
### Beperking (AVG art. 18)

Eén run zorgt dat de gegevens van één persoon voorlopig niet worden gebruikt, alleen bewaard. De run heet naar het
nummer van het verzoek. Waarom, staat bij het verzoek: de juistheid is betwist (accuracy), het gebruik is onrechtmatig
maar wissen wil de persoon niet (unlawful), de persoon heeft ze nodig voor een vordering (claims), of een bezwaar wordt
nog afgewogen (objection).

1. **identify** (Wie is dit?): staat vast wie er vraagt, en wie is dat in de systemen? Zo niet, dan wacht de taak op de
   privacy officer.
2. **plan** (Plan): welke rijen een kenmerk krijgen, en van welke alleen het register zegt dat ze niet gebruikt mogen
   worden. Bekijk het met `avgflow request show NUMMER --plan`.
3. **restrict** (Register): vanaf nu zegt `avgflow restriction check` dat deze gegevens niet gebruikt mogen worden, en
   staat elk eigen adres op de lijst van wie geen reclame en geen onderzoeken krijgt. Zonder goedkeuring: het schaadt
   niemand en het heeft haast. Ook als er verder niets van iemand bekend is.
4. Een taak per systeem zet daar het kenmerk, waar de gegevenskaart zegt dat er een is. In één transactie; klopt het
   aantal veranderde rijen niet precies, dan verandert er in dat systeem niets.
5. **validate** (Natelling): telt alles na met een nieuwe verbinding. De uitslag blijft bewaard als bewijs.
6. **answer** (Antwoord): de brief: wat niet meer wordt gebruikt, sinds wanneer en waarom, en wat nog wel mag. Ook
   ontvangers krijgen bericht (art. 19).
7. **close** (Afsluiten): het oordeel. Groen alleen als elk ontvangstbewijs, het bewijs en de aanvaarding door de
   mailserver in het register staan.

De beperking blijft staan na deze run. Ze eindigt met `avgflow restriction lift NUMMER --reason …`; de persoon krijgt
dat eerst te horen (art. 18 lid 3, DAG `restriction_lifting`).

In deze run staan geen persoonsgegevens: niet in de instellingen, niet in de logboeken, niet in de uitkomsten.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do, and the officer gets a mail. Nothing is half done: a store is
changed whole, or not at all, and what the register restricts stays restricted.

- `store … cannot be reached` or `is busy`, or another request `is at work`: mend or wait, then clear its task.
- `changed since the plan was made`: clear **plan** with what follows.
- `catalog does not fit`: run `avgflow catalog check`, mend the catalog, then clear **plan** with what follows.
- re-count not passed: read `avgflow request evidence NUMBER -o FILE`, then clear **plan** with what follows.
- `is not on the register`, or an address is not suppressed: clear **restrict** with what follows.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.asking import IdentifyOperator
from avgflow_airflow.stores import pool_of, store_names
from avgflow_airflow.tasks import (
    AT_ONCE,
    DEFAULT_ARGS,
    MAIL_RETRIES,
    answer_restriction,
    close,
    plan,
    recount,
    stop,
    suppress,
)

with DAG(
    dag_id="restriction_request",
    dag_display_name="Beperking (AVG art. 18)",
    description="Niet meer gebruikt, alleen bewaard, met bewijs (restriction of processing)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=AT_ONCE,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-18"],
):
    chain(
        IdentifyOperator(task_id="identify", task_display_name="Wie is dit?"),
        plan.override(task_display_name="Plan")(),
        suppress.override(task_id="restrict", task_display_name="Register")(),
        [
            stop.override(task_id=store, task_display_name=title, pool=pool_of(store))(store)
            for store, title in store_names().items()
        ],
        recount.override(task_id="validate", task_display_name="Natelling")(),
        answer_restriction.override(task_id="answer", task_display_name="Antwoord", retries=MAIL_RETRIES)(),
        close.override(task_display_name="Afsluiten", retries=MAIL_RETRIES)(),
    )

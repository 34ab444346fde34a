"""
### Bezwaar (AVG art. 21)

Eén run stopt het gebruik waartegen iemand bezwaar maakt, of waarvoor iemand de toestemming intrekt (art. 7 lid 3). De
run heet naar het nummer van het verzoek. Waartegen het bezwaar is, staat bij het verzoek: reclame (marketing), klant-
onderzoeken (surveys), cookies, of alles (all-processing).

1. **identify** (Wie is dit?): staat vast wie er vraagt, en wie is dat in de systemen? Zo niet, dan wacht de taak op de
   privacy officer.
2. **plan** (Plan): wat wordt gezet, wat rustte alleen op toestemming en gaat weg, wat weegt een mens af en wordt tot
   die tijd niet gebruikt, en wat gaat door omdat de wet dat eist. Bekijk het met `avgflow request show NUMMER --plan`.
3. **suppress** (Afmeldlijst): elk eigen adres van de persoon komt op de lijst van wie geen reclame of onderzoeken meer
   krijgt. Meteen: zonder afweging en zonder goedkeuring (art. 21 lid 3). Ook als er verder niets van iemand bekend is.
   Wat een mens nog afweegt, wordt beperkt (art. 18 lid 1 letter d): `avgflow restriction check` zegt dat vanaf nu.
4. Een taak per systeem zet daar dat de persoon dit niet meer wil, en dat gegevens beperkt zijn; en wist wat alleen op
   toestemming rustte. In één transactie; klopt het aantal veranderde rijen niet precies, dan verandert er in dat
   systeem niets.
5. **validate** (Natelling): telt alles na met een nieuwe verbinding. De uitslag blijft bewaard als bewijs.
6. **weigh** (Afweging): wat wij voor ons eigen belang gebruiken, weegt een mens af (art. 21 lid 1), onder Required
   Actions of met `avgflow request weigh`. Tot die tijd blijven die gegevens beperkt: alleen bewaard. Ontvangers krijgen
   dat ook te horen (art. 19). Afwijzen doet een ander dan wie het bezwaar inschreef.
7. **answer** (Antwoord): de brief: wat is gestopt en vanaf wanneer, wat niet en waarom.
8. **lift** (Beperking opheffen): pas als de persoon die brief heeft (art. 18 lid 3), en alleen voor wat is afgewezen.
   Wat de persoon gelijk gaf, blijft beperkt tot u zegt dat dat gebruik is gestopt:
   `avgflow restriction lift NUMMER --reason objection-handled`.
9. **close** (Afsluiten): het oordeel. Groen alleen als elk ontvangstbewijs, het bewijs en de aanvaarding door de
   mailserver in het register staan.

In deze run staan geen persoonsgegevens: niet in de instellingen, niet in de logboeken, niet in de uitkomsten.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do, and the officer gets a mail. Nothing is half done: a store is
changed whole, or not at all, and an address once suppressed stays so.

- `store … cannot be reached` or `is busy`, or another request `is at work`: mend or wait, then clear its task.
- `changed since the plan was made`: clear **plan** with what follows.
- `catalog does not fit`: run `avgflow catalog check`, mend the catalog, then clear **plan** with what follows.
- re-count not passed: read `avgflow request evidence NUMBER -o FILE`, then clear **plan** with what follows.
- an address is not suppressed: it was taken off the list meanwhile; clear **suppress** with what follows.
- what was restricted stays so, also where the request is stopped: `avgflow restriction lift NUMBER --reason …`.
- stopped by a human: if the request is to go on after all, `avgflow request resume NUMBER`.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.asking import IdentifyOperator, WeighOperator
from avgflow_airflow.stores import pool_of, store_names
from avgflow_airflow.tasks import (
    AT_ONCE,
    DEFAULT_ARGS,
    MAIL_RETRIES,
    answer_objection,
    close,
    lift_refused,
    plan,
    recount,
    stop,
    suppress,
)

with DAG(
    dag_id="objection_request",
    dag_display_name="Bezwaar (AVG art. 21)",
    description="Gestopt, met bewijs, of afgewogen met een reden (objection, withdrawal of consent)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=AT_ONCE,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-21", "art-7"],
):
    chain(
        IdentifyOperator(task_id="identify", task_display_name="Wie is dit?"),
        plan.override(task_display_name="Plan")(),
        suppress.override(task_display_name="Afmeldlijst")(),
        [
            stop.override(task_id=store, task_display_name=title, pool=pool_of(store))(store)
            for store, title in store_names().items()
        ],
        recount.override(task_id="validate", task_display_name="Natelling")(),
        WeighOperator(task_id="weigh", task_display_name="Afweging"),
        answer_objection.override(task_id="answer", task_display_name="Antwoord", retries=MAIL_RETRIES)(),
        lift_refused.override(task_id="lift", task_display_name="Beperking opheffen", retries=MAIL_RETRIES)(),
        close.override(task_display_name="Afsluiten", retries=MAIL_RETRIES)(),
    )

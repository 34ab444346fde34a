"""
### Overdraagbaarheid (AVG art. 20)

Eén run geeft iemand diens gegevens mee in een bestand dat een computer kan lezen, of geeft ze aan een ander bedrijf. De
run heet naar het nummer van het verzoek. Wissen hoort daar niet bij (art. 20 lid 3).

1. **identify** (Wie is dit?): staat vast wie er vraagt, en wie is dat in de systemen? Zo niet, dan wacht de taak op de
   privacy officer.
2. **plan** (Plan): wat meegaat (hand over) en wat niet (withhold), en waarom. Mee gaat alleen wat de persoon zelf gaf
   of wat van de persoon is vastgelegd, en wat rust op toestemming of een overeenkomst. Bekijk het met
   `avgflow request show NUMMER --plan`.
3. Een taak per systeem verzamelt alle rijen van de persoon in een versleuteld werkbestand, met een ontvangstbewijs.
   Alle, want alleen dan is bekend wie de anderen in die rijen zijn.
4. **validate** (Controle): zoekt de persoon opnieuw op, telt en leest alles een tweede keer en vergelijkt. Daarna: zit
   in het pakket alles wat mee mag, en niets anders? De uitslag blijft bewaard als bewijs.
5. **answer** (Antwoord): het versleutelde pakket met de brief. Gaat het naar een ander bedrijf? Dan krijgt dat bedrijf
   het pakket, de privacy officer een mail om de wachtzin door te geven, en de persoon een bevestiging. Kan niets
   mee? Dan keurt eerst een mens de weigering goed.
6. **close** (Afsluiten): het oordeel. Groen alleen als elk ontvangstbewijs, het bewijs en de aanvaarding door de
   mailserver in het register staan.

In deze run staan geen persoonsgegevens: niet in de instellingen, niet in de logboeken, niet in de uitkomsten.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do, and the officer gets a mail.

- `store … cannot be reached`: mend the store, then clear its task.
- `catalog does not fit`: run `avgflow catalog check`, mend the catalog, then clear **plan** with what follows.
- `not proven complete`: read `avgflow request evidence NUMBER -o FILE`, then clear **plan** with what follows.
- `the mail server refuses`: the other company's address is wrong, or the person's. Ask the person for the right one and
  register the request anew with it.
- stopped by a human: if the request is to go on after all, `avgflow request resume NUMBER`.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.asking import AnswerPortabilityOperator, IdentifyOperator
from avgflow_airflow.stores import pool_of, store_names
from avgflow_airflow.tasks import AT_ONCE, DEFAULT_ARGS, MAIL_RETRIES, close, collect, plan, validate

with DAG(
    dag_id="portability_request",
    dag_display_name="Overdraagbaarheid (AVG art. 20)",
    description="Wat iemand zelf gaf, om mee te nemen of voor een ander bedrijf (data portability)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=AT_ONCE,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-20"],
):
    chain(
        IdentifyOperator(task_id="identify", task_display_name="Wie is dit?"),
        plan.override(task_display_name="Plan")(),
        [
            collect.override(task_id=store, task_display_name=title, pool=pool_of(store))(store)
            for store, title in store_names().items()
        ],
        validate.override(task_display_name="Controle")(),
        AnswerPortabilityOperator(task_id="answer", task_display_name="Antwoord", retries=MAIL_RETRIES),
        close.override(task_display_name="Afsluiten", retries=MAIL_RETRIES)(),
    )

"""
### Inzageverzoek (AVG art. 15)

Eén run beantwoordt één verzoek. De run heet naar het nummer van het verzoek.

1. **identify** (Wie is dit?): staat vast wie er vraagt, en wie is dat in de systemen? Zo niet, dan wacht de taak op de
   privacy officer: onder Required Actions, of met `avgflow request verify`, `choose`, `approve` of `stop`.
2. **plan** (Plan): wat uit welke tabel wordt verzameld. Eerst wordt de gegevenskaart met de systemen vergeleken.
3. Een taak per systeem verzamelt de rijen van de persoon in een versleuteld werkbestand, met een ontvangstbewijs.
4. **validate** (Controle): zoekt de persoon opnieuw op, telt en leest alles een tweede keer en vergelijkt. De uitslag
   blijft bewaard als bewijs. Klopt er iets niet, dan gaat er niets de deur uit.
5. **answer** (Antwoord): het versleutelde pakket en de brief, in één mail. Ligt de mailserver eruit, dan probeert deze
   taak het opnieuw tot hij er weer is.
6. **close** (Afsluiten): het oordeel. Groen alleen als elk ontvangstbewijs, het bewijs en de aanvaarding door de
   mailserver in het register staan.

In deze run staan geen persoonsgegevens: niet in de instellingen, niet in de logboeken, niet in de uitkomsten.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do, and the officer gets a mail.

- `store … cannot be reached`: mend the store, then clear its task.
- `catalog does not fit`: run `avgflow catalog check`, mend the catalog, then clear **plan** with what follows.
- `not proven complete`: read `avgflow request evidence NUMBER -o FILE`, then clear **plan** with what follows.
- stopped by a human: if the request is to go on after all, `avgflow request resume NUMBER`.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.asking import AnswerOperator, IdentifyOperator
from avgflow_airflow.stores import pool_of, store_names
from avgflow_airflow.tasks import AT_ONCE, DEFAULT_ARGS, MAIL_RETRIES, close, collect, plan, validate

with DAG(
    dag_id="access_request",
    dag_display_name="Inzageverzoek (AVG art. 15)",
    description="Alles van één persoon, bewezen volledig, naar die persoon (access request)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=AT_ONCE,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-15"],
):
    chain(
        IdentifyOperator(task_id="identify", task_display_name="Wie is dit?"),
        plan.override(task_display_name="Plan")(),
        [
            collect.override(task_id=store, task_display_name=title, pool=pool_of(store))(store)
            for store, title in store_names().items()
        ],
        validate.override(task_display_name="Controle")(),
        AnswerOperator(task_id="answer", task_display_name="Antwoord", retries=MAIL_RETRIES),
        close.override(task_display_name="Afsluiten", retries=MAIL_RETRIES)(),
    )

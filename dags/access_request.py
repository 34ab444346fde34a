"""
### Inzageverzoek (AVG art. 15)

One run answers one request; the run id is its number. The way of a request:

1. **identify**: is it sure who asks (verified), and who is that in the stores? If not, the task waits for the privacy
   officer (Required Actions, or `avgflow request verify|choose|approve`).
2. **plan**: what will be collected from which table; checks the catalog against the live stores first.
3. **one task per store**: collects the person's rows into a sealed work file and writes a receipt.
4. **validate**: looks the person up again, counts and reads everything a second time, and compares. The result is
   kept as evidence. If it fails, nothing is sent.
5. **answer**: the encrypted package and the letter, by one mail. If the mail server is down, this task tries again
   until it is back.
6. **close**: the verdict. Green only if every receipt, the proof and the mail server's acceptance are on the register.

**Owner:** the privacy officer. **When a task fails** the log says in one line what to do; the officer gets a mail.
`store … cannot be reached`: mend the store, then clear its task. `catalog does not fit`: `avgflow catalog check`,
mend, clear **plan** with what follows. `not proven complete`: read the evidence, then clear **plan** with what follows.
No personal data is in this run's configuration, logs or results.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.asking import AnswerOperator, IdentifyOperator
from avgflow_airflow.stores import pool_of, store_names
from avgflow_airflow.tasks import DEFAULT_ARGS, MAIL_RETRIES, close, collect, plan, validate

with DAG(
    dag_id="access_request",
    dag_display_name="Inzageverzoek (AVG art. 15)",
    description="Everything held of one person, proven complete, to that person",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=16,
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

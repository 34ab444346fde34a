"""
### Wissen herhalen na herstel

Is een systeem uit een reservekopie hersteld? Dan staan er gegevens in die gewist waren. Deze run zoekt ze op met wat
het register van elke wissing weet, en wist ze opnieuw. Doe dat voordat het systeem weer opengaat. Kies het systeem en
start de run, of geef het commando `avgflow replay SYSTEEM`. Nog een keer draaien kan geen kwaad.

1. **replay** (Opnieuw wissen): het logboek zegt van hoeveel personen hoeveel rijen opnieuw zijn gewist, en hoeveel er
   blijven omdat ze intussen bewaard moeten worden.

In deze run staan geen persoonsgegevens.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do.

- `store … cannot be reached` or `is busy`: mend the store, then clear **replay**.
- `catalog does not fit`: the backup is older than the catalog. Bring the store's tables up to date, then clear
  **replay**.
"""

from airflow.sdk import DAG, Param

from avgflow_airflow.stores import store_names
from avgflow_airflow.tasks import DEFAULT_ARGS, replay

with DAG(
    dag_id="erasure_replay",
    dag_display_name="Wissen herhalen na herstel",
    description="Opnieuw wissen wat een herstelde reservekopie terugbracht (replay after a restore)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params={
        "store": Param(type="string", enum=list(store_names()), values_display=store_names(), title="Systeem (store)"),
    },
    tags=["avg", "art-17"],
):
    replay.override(task_display_name="Opnieuw wissen")()

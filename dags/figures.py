"""
### Cijfers van de termijnen (AVG)

Elke vijf minuten: hoeveel verzoeken er openstaan, te laat of gestopt zijn, en wat er verder telt. De cijfers gaan naar
StatsD of OpenTelemetry, net als die van Airflow zelf. Staat daar niets ingesteld, dan draait deze DAG niet vanzelf.

1. **report** (Doorgeven): telt in het register en geeft de aantallen door. Over wie het gaat, staat er nooit bij.

| naam (name) | wat het is (what it is) |
|---|---|
| `avgflow.requests.open`, met `right` | openstaande verzoeken per recht (open, by right) |
| `avgflow.requests.waiting` · `.stopped` · `.late` | die wachten, gestopt zijn, te laat zijn |
| `avgflow.requests.days_left` | dagen tot de eerste uiterste dag; onder nul is te laat (days to the nearest deadline) |
| `avgflow.checks.failed` | openstaande verzoeken met een mislukte controle (failed checks) |
| `avgflow.mails.unsent` · `.oldest_minutes` | mails die de mailserver nog niet nam, en hoe oud de oudste is |
| `avgflow.sweeps.rows_last_week` | rijen die het opschonen in zeven dagen verwerkte (swept rows) |

**Owner:** the engineer.

**When a task fails** its log says in one line what to do.

- `register's database cannot be reached`: mend it; the next run gives the figures again. There is nothing to clear.
"""

from datetime import timedelta

from airflow.sdk import DAG

from avgflow_airflow.metrics import report, wanted
from avgflow_airflow.tasks import DEFAULT_ARGS

with DAG(
    dag_id="figures",
    dag_display_name="Cijfers van de termijnen (AVG)",
    description="Hoeveel er openstaat, te laat is of blijft liggen (open, late and stuck, as metrics)",
    doc_md=__doc__,
    schedule=timedelta(minutes=5) if wanted() else None,
    catchup=False,
    max_active_runs=1,
    # The next run is five minutes away.
    default_args={**DEFAULT_ARGS, "retries": 0},
    tags=["avg", "metrics"],
):
    report.override(task_display_name="Doorgeven")()

"""
### Bericht bij een verzoek

Verstuurt wat voor één verzoek in de uitgaande post klaarligt, buiten de eigen run van dat verzoek om: de brief dat er
meer tijd nodig is (`avgflow request extend`), een eenmalige code (`avgflow request code`), of het bericht dat er is
voorgesteld om een verzoek af te wijzen (`avgflow request decline`). De run heet naar het nummer van het verzoek en de
aanleiding, zoals `AVG-2026-00042.extended` of `AVG-2026-00042.code-2`.

1. **tell** (Versturen): ligt de mailserver eruit, dan probeert deze taak het opnieuw tot hij er weer is.

Van meer tijd moet de betrokkene binnen de eerste maand weten. Lukt dat niet, dan geldt de oude termijn weer.
`deadline_watch` let daarop. Vanaf het moment dat een code is verstuurd, staat de termijn stil.

In deze run staan geen persoonsgegevens.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do.

- `refuses … for good`: the address does not work. Tell the person another way before the first month ends; then nothing
  is left to be done here. For a code, choose another known address, or verify the person another way.
- anything else: mend it, then clear **tell**, or give the command again.
"""

from airflow.sdk import DAG, Param

from avgflow_airflow.tasks import DEFAULT_ARGS, MAIL_RETRIES, tell

with DAG(
    dag_id="notice",
    dag_display_name="Bericht bij een verzoek",
    description="Verstuurt wat voor een verzoek klaarligt (sends what waits in the outbox for a request)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-12"],
):
    tell.override(task_display_name="Versturen", retries=MAIL_RETRIES)()

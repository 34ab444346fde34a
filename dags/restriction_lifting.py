"""
### Einde van een beperking (AVG art. 18 lid 3)

Beëindigt de beperking die voor één verzoek geldt. `avgflow restriction lift NUMMER --reason …` start deze run. De run
heet naar het nummer van het verzoek en de aanleiding, zoals `AVG-2026-00042.lifted`.

1. **tell** (Vertellen): de persoon krijgt per mail te horen dat de beperking eindigt, en waarom. Ligt de mailserver
   eruit, dan probeert deze taak het opnieuw tot hij er weer is.
2. **lift** (Opheffen): pas als de mailserver die mail heeft aangenomen. Haalt het kenmerk weg in elk systeem, behalve
   waar een andere beperking van dezelfde persoon nog geldt, en telt dat na. Haalt de adressen van de lijst van wie geen
   reclame krijgt, tenzij ze daar ook om een bezwaar of een wissing op staan. Vertelt het aan de ontvangers (art. 19).

In deze run staan geen persoonsgegevens.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do. Until **lift** has succeeded the restriction stands.

- `refuses … for good`: the address does not work. Tell the person another way, then:
  `avgflow restriction told NUMBER`.
- `store … cannot be reached` or `is busy`, or another request `is at work`: mend or wait, then clear **lift**.
- anything else: mend it, then give the command again, or clear the task.
"""

from airflow.sdk import DAG, Param, chain

from avgflow_airflow.tasks import DEFAULT_ARGS, MAIL_RETRIES, lift, tell_end

with DAG(
    dag_id="restriction_lifting",
    dag_display_name="Einde van een beperking",
    description="Eerst de persoon, dan de systemen (the end of a restriction: the person is told first)",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=16,
    default_args=DEFAULT_ARGS,
    params={"request": Param(type="string", pattern=r"^AVG-\d{4}-\d{5,}$", title="Nummer (number)")},
    tags=["avg", "art-18"],
):
    chain(
        tell_end.override(task_id="tell", task_display_name="Vertellen", retries=MAIL_RETRIES)(),
        lift.override(task_display_name="Opheffen", retries=MAIL_RETRIES)(),
    )

"""
### Opschonen: bewaartermijnen (AVG art. 5 lid 1 onder e)

Wist elke week wat langer bewaard is dan mag, of haalt de persoon eruit. Per systeem en soort gegevens, volgens de
gegevenskaart en het beleid. Wanneer dat loopt, staat in het beleid (`retention.schedule`). Zelf starten kan ook:
`avgflow retention run`. Eerst kijken zonder iets te veranderen: `avgflow retention preview`.

1. **preview** (Vooraf tellen): wat is te lang bewaard, wat blijft en waarom, en wat heeft geen datum. Alleen wat hier
   geteld is, kan weg. Het staat in het register: `avgflow retention show`.
2. **approve** (Goedkeuring): wacht alleen op een mens als daar reden voor is: de eerste keer, na een wijziging van
   gegevenskaart of beleid, na een keer die is gestopt, of als het er meer zijn dan het beleid zonder vraag toestaat
   (`retention.caps`). De privacy officer krijgt een mail, en antwoordt onder Required Actions of met `avgflow retention
   approve` of `refuse`. Komt er geen antwoord binnen `retention.approval_days` dagen, dan gebeurt er niets.
3. Een taak per systeem wist in kleine stukken, elk in één korte transactie. Elke rij wordt daarbij opnieuw bekeken.
   Stoppen kan op elk moment: `avgflow retention stop`. Wat weg is, is weg. De rest komt de volgende keer.
4. **validate** (Natelling): telt alles na met een nieuwe verbinding. De uitslag blijft bewaard als bewijs, met een
   beeld per soort gegevens en per maand: `avgflow retention show NUMMER -o bewijs.html`.
5. **report** (Verslag): groen alleen als elk systeem klaar is en het bewijs er is, of als het is afgekeurd of gestopt.
   Mailt de privacy officer als er iets te zeggen is.

In deze run staan geen persoonsgegevens: niet in de instellingen, niet in de logboeken, niet in de uitkomsten.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do, and the officer gets a mail. Each transaction is whole, or
not there at all; a cleared task goes on where it was.

- `store … cannot be reached` or `is busy`: mend the store, then clear its task with what follows.
- `catalog does not fit`: run `avgflow catalog check`, mend the catalog, then clear **preview** with what follows.
- re-count not passed: read the proof (`avgflow retention show NUMBER -o FILE`). This sweep is over; the next one asks a
  human first.
- `refuses a mail to the privacy officer for good`: correct the address in the policy, then clear **report**.
- a task that hangs: `avgflow retention stop`, then clear it once its process is gone.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, chain

from avgflow_airflow.stores import pool_of, store_names, sweep_schedule
from avgflow_airflow.sweep_tasks import ApproveSweepOperator, preview, prove, report, sweep
from avgflow_airflow.tasks import DEFAULT_ARGS, MAIL_RETRIES

with DAG(
    dag_id="retention_sweep",
    dag_display_name="Opschonen: bewaartermijnen (AVG art. 5)",
    description="Wist wat langer bewaard is dan mag, en bewijst het (deletes what is past its term)",
    doc_md=__doc__,
    # Airflow else makes up at once for a run that an installation missed shortly before it was there.
    schedule=CronTriggerTimetable(sweep_schedule(), timezone="Europe/Amsterdam", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["avg", "art-5"],
):
    chain(
        preview.override(task_display_name="Vooraf tellen")(),
        ApproveSweepOperator(task_id="approve", task_display_name="Goedkeuring"),
        [
            sweep.override(task_id=store, task_display_name=title, pool=pool_of(store))(store)
            for store, title in store_names().items()
        ],
        prove.override(task_id="validate", task_display_name="Natelling")(),
        report.override(task_display_name="Verslag", retries=MAIL_RETRIES)(),
    )

"""
### Huishouding: eigen gegevens op tijd weg (AVG art. 5 lid 1 onder e)

Loopt elke nacht om half vier en wist wat avgflow zelf te lang zou bewaren. Elke termijn staat in het beleid
(`housekeeping`, en klasse R12 voor de dossiers). De laatste dag telt mee: er gaat nooit iets een dag te vroeg weg.
`avgflow housekeeping --dry-run` toont vooraf wat er zou gaan, en welk dossier blijft en waarom.

1. **files** (Bestanden): pakketten, nadat ze zijn bezorgd, en werkbestanden van afgesloten verzoeken.
2. **register** (Register): bewijsstukken, codes, wachtzinnen, bijlagen, interne berichten en lijsten van gewiste rijen.
   Daarna hele dossiers. Een dossier blijft zolang er iets op rust: een beperking, een open datalek, een wisverbod, een
   ander verzoek van dezelfde persoon. De afmeldlijst blijft, en de keten van gebeurtenissen ook.
3. **airflow** (Airflow): oude runs en hun logbestanden. Wat nog loopt blijft, met alles wat daarna kwam.
4. **report** (Verslag): zet op het register wat er weg is. Is niet elk deel gedaan? Dan mislukt deze taak en krijgt de
   privacy officer een mail.

Nog een keer starten kan geen kwaad. In deze run staan geen persoonsgegevens.

**Owner:** the privacy officer.

**When a task fails** its log says in one line what to do.

- `Not deleted` with a request and a code such as `EACCES`: give the user of Airflow the right to delete there, then
  clear the task; **report** follows.
- `not on the register`: files of a request that the register does not know. Find out whose they are, and delete them by
  hand, then clear **files**.
- `AVGFLOW_AIRFLOW_DSN is not set`: **airflow** needs the address of Airflow's database. Set it, or write
  `airflow: null` in the policy where somebody else cleans Airflow; then clear **airflow**.
- `register's database cannot be reached`: mend it, then clear the task.
- no run at all this night: Airflow's scheduler is down, or this DAG is paused. The next run does what is left.
"""

from airflow.sdk import DAG, CronTriggerTimetable

from avgflow_airflow.housekeeping_tasks import clean_airflow, clean_register, delete_files, report
from avgflow_airflow.tasks import DEFAULT_ARGS

with DAG(
    dag_id="housekeeping",
    dag_display_name="Huishouding: eigen gegevens op tijd weg",
    description="Elke nacht: wist wat avgflow zelf lang genoeg bewaarde (what avgflow itself kept long enough goes)",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("30 3 * * *", timezone="Europe/Amsterdam"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["avg", "art-5"],
):
    files = delete_files.override(task_display_name="Bestanden")()
    register = clean_register.override(task_display_name="Register")()
    airflow = clean_airflow.override(task_display_name="Airflow")()
    files >> register
    [register, airflow] >> report.override(task_display_name="Verslag")()

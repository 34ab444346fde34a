# The image of every part of avgflow in docker-compose.yaml: Airflow's own, with exactly the packages of the lock.
FROM apache/airflow:3.3.2-python3.12

USER root
# Each volume takes over the owner of the folder that it is mounted on.
RUN install -d -o airflow -g root -m 0750 /secrets/airflow /secrets/register /secrets/users /secrets/stores \
 && install -d -o airflow -g root -m 0755 /secrets/database /secrets/broker /secrets/demo \
 && install -d -o airflow -g root -m 0700 /var/lib/avgflow /var/lib/avgflow/work /var/lib/avgflow/mailbox \
 && install -d -o airflow -g root -m 0700 /opt/airflow/logs /run/avgflow \
 && install -d -o airflow -g root -m 0755 /opt/avgflow \
 && ln -s /run/avgflow/stack.env /var/lib/avgflow/stack.env

USER airflow
WORKDIR /opt/avgflow
# 'sync' also takes out what the lock does not name: providers that nobody here uses.
COPY --chown=airflow:0 requirements-production.txt ./
RUN uv pip sync --no-cache --compile-bytecode --require-hashes requirements-production.txt && uv pip check

COPY --chown=airflow:0 pyproject.toml README.md ./
COPY --chown=airflow:0 include include
COPY --chown=airflow:0 plugins plugins
COPY --chown=airflow:0 dags dags
COPY --chown=airflow:0 docker docker
COPY --chown=airflow:0 config /opt/airflow/config
RUN uv pip install --no-cache --no-deps --no-build-isolation --editable . \
 && python -m compileall -q -j 0 include plugins dags /opt/airflow/config \
 && cp docker/airflow.cfg /opt/airflow/airflow.cfg && cp docker/webserver_config.py /opt/airflow/webserver_config.py \
 && uv pip check

ENV AVGFLOW_HOME=/var/lib/avgflow \
    PYTHONPATH=/opt/avgflow/include:/opt/avgflow/plugins \
    PYTHONDONTWRITEBYTECODE=1 \
    GX_ANALYTICS_ENABLED=False
ENTRYPOINT ["/usr/bin/dumb-init", "--", "/bin/bash", "/opt/avgflow/docker/entrypoint.sh"]

# The image of every Daysheet service in docker-compose.yaml. Linted, not yet built: see README.
FROM python:3.11-slim-bookworm

ENV AIRFLOW_HOME=/opt/airflow \
    DAYSHEET_HOME=/var/lib/daysheet \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1

# Folders that named volumes cover belong to the user, so that a new volume does too.
RUN groupadd --gid 50000 daysheet \
    && useradd --uid 50000 --gid daysheet --create-home daysheet \
    && mkdir -p "$AIRFLOW_HOME/logs" "$DAYSHEET_HOME/drops" "$DAYSHEET_HOME/work" \
    && chown -R daysheet:daysheet "$AIRFLOW_HOME" "$DAYSHEET_HOME"

WORKDIR /opt/daysheet

# --no-deps: the lock is complete, and every file in it is checked against its hash.
COPY requirements-celery.lock ./
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: \
        -r requirements-celery.lock \
    && pip check

# The code belongs to root: what runs as "daysheet" cannot change it.
COPY pyproject.toml ./
COPY dags dags
COPY plugins plugins
COPY sql sql
COPY templates templates
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index --editable . \
    && python -m compileall -q dags plugins

USER 50000:50000
CMD ["airflow", "version"]

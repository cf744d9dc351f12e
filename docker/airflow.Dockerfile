# Airflow with this package. Airflow's own version is named again, so that pip can't change it in passing.
FROM apache/airflow:3.3.2

COPY --chown=airflow:root pyproject.toml README.md LICENSE /tmp/package/
COPY --chown=airflow:root airflow_provider_datagraph /tmp/package/airflow_provider_datagraph
RUN pip install --no-cache-dir "apache-airflow==${AIRFLOW_VERSION}" /tmp/package \
    && rm -rf /tmp/package

# Airflow with this package, which is installed with the constraints that the image keeps: those that Airflow itself was
# installed with. Airflow's own version is named again, so that pip can't change it in passing.
FROM apache/airflow:3.3.2

COPY --chown=airflow:root pyproject.toml README.md LICENSE /tmp/package/
COPY --chown=airflow:root airflow_provider_datagraph /tmp/package/airflow_provider_datagraph
RUN pip install --no-cache-dir -c "${AIRFLOW_USER_HOME_DIR}/constraints.txt" \
        "apache-airflow==${AIRFLOW_VERSION}" /tmp/package \
    && rm -rf /tmp/package

# A volume takes over its owner and mode.
RUN mkdir -m 700 "${AIRFLOW_HOME}/secrets"

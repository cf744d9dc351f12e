# The local Redshift of this repository: Redshift's dialect on a real PostgreSQL. For development only.
FROM python:3.11-slim

COPY requirements/local.txt /tmp/requirements/
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements/local.txt && rm -rf /tmp/requirements

# PostgreSQL doesn't run as root, and looks its user up by name.
RUN useradd --create-home redshift
USER redshift
WORKDIR /home/redshift
COPY local_redshift local_redshift

EXPOSE 5439
CMD ["python", "-m", "local_redshift", "--host", "0.0.0.0"]

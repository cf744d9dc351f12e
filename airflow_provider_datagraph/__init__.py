"""An Airflow provider that opens an Amazon Redshift warehouse to Twilio Segment's Data Graph."""

__version__ = "0.1.0"

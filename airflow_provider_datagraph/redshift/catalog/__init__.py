"""The catalog: queries, and what their rows become. Pages: https://docs.aws.amazon.com/redshift/latest/dg/<page>.html"""

"""The closed grammar: what a statement in Redshift's dialect becomes in PostgreSQL's."""

from local_redshift.grammar.statement import kind_of, translate

__all__ = ["kind_of", "translate"]

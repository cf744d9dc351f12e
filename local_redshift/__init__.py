"""A development-only stand-in for Amazon Redshift: its dialect and catalog on a real PostgreSQL.

It exists so that roles, grants and logins can be tried without a cluster. That a statement is accepted
here proves nothing about a real cluster; README.md says what differs.
"""

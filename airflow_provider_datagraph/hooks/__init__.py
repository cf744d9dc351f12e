"""Hooks. They import the driver: import them when a task runs, not when a DAG is parsed."""

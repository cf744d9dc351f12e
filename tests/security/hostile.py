"""Names that would do something if anything rendered them, and copies of values."""

from __future__ import annotations

from typing import Any

MARK = "rendered"
"""The key of the XCom that a template leaves which ran."""

TEMPLATES = {
    "expression": f"{{{{ ti.xcom_push('{MARK}', 1) }}}}",
    "statement": f"{{% set x = ti.xcom_push('{MARK}', 1) %}}x",
    "comment": "a{# gone #}b",
    "in quotes": f"""it's "{{{{ ti.xcom_push('{MARK}', 1) }}}}".x""",
    # Rendered once, it is a template.
    "nested": f"{{{{ '{{' }}}}{{ ti.xcom_push('{MARK}', 1) }}}}",
    "admin": "{{ task.hook().run('alter user eve createuser') }}",
    "secret": "{{ conn.redshift_default.password | reverse }}",
    "another schema": "{{ 'pay' ~ 'roll' }}",
}

# Neither is a template; what is made of both may be.
HALVES = (f"{{{{ ti.xcom_push('{MARK}',", "'half') }}")


def copied(value: Any) -> Any:
    """An equal value that is another object, as deep as lists, dictionaries and texts go."""
    if isinstance(value, str):
        return "".join(list(value))
    if isinstance(value, list | tuple):
        return type(value)(copied(entry) for entry in value)
    if isinstance(value, dict):
        return {copied(key): copied(entry) for key, entry in value.items()}
    return value

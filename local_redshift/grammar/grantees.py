"""To whom a permission is given."""

from __future__ import annotations

from dataclasses import dataclass

from local_redshift.errors import Refused
from local_redshift.iam import PREFIXES as SIGNED_IN
from local_redshift.reader import Reader
from local_redshift.text import OWNER, PREFIXES, ident


@dataclass(frozen=True, slots=True)
class Grantee:
    name: str
    """PostgreSQL's name for it; `public` for PUBLIC."""
    with_option: bool = False

    @property
    def sql(self) -> str:
        return "PUBLIC" if self.name == "public" else ident(self.name)


def grantees(reader: Reader, granting: bool, only_identities: bool, only_users: bool = False) -> list[Grantee]:
    """user [WITH GRANT OPTION] | ROLE r | GROUP g | PUBLIC, in any mixture; a grant option is revoked from users.

    Scoped permissions are for users and roles only:
    https://docs.aws.amazon.com/redshift/latest/dg/t_scoped-permissions-considerations.html
    """

    def one() -> Grantee:
        if only_users and any(reader.is_word(word) for word in ("role", "group", "public")):
            raise reader.fail()
        return _grantee(reader, granting, only_identities)

    return reader.listed(one)


def _grantee(reader: Reader, granting: bool, only_identities: bool) -> Grantee:
    if only_identities and (reader.is_word("group") or reader.is_word("public")):
        raise reader.fail()
    is_user = False
    if reader.accept("public"):
        name = "public"
    elif reader.accept("role"):
        name = PREFIXES["role"] + reader.role_name()
    elif reader.accept("group"):
        name = PREFIXES["group"] + reader.role_name()
    else:
        name = known_user(reader.user_name())
        is_user = True
    with_option = granting and reader.accept("with", "grant", "option")
    if with_option and not is_user:
        raise Refused("0LP01", "grant options can only be granted to individual users")
    return Grantee(name, with_option)


def known_user(name: str) -> str:
    """The user's name; those that nobody may give permissions to are refused."""
    if name == OWNER:
        raise Refused("0A000", f"Granting permissions to reserved user {name} is not supported")
    if (":" in name and not name.startswith(SIGNED_IN)) or name.startswith("pg_") or name == "public":
        raise Refused("42704", f'user "{name}" does not exist')
    return name


def behaviour(reader: Reader) -> None:
    """The end of a REVOKE: https://docs.aws.amazon.com/redshift/latest/dg/r_REVOKE.html"""
    if reader.accept("cascade"):
        raise Refused("0LP01", "Cascade behavior is not supported")
    reader.accept("restrict")

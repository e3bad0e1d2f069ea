"""Management accounts and users with valid defaults."""

from billow.records.accounts.models import ManagementAccount, Role, User


def make_management_account(*, name: str = "Nimbus Partners", **fields: object) -> ManagementAccount:
    return ManagementAccount.objects.create(**{"name": name, "time_zone": "UTC", **fields})


def make_user(
    *,
    management_account: ManagementAccount,
    email: str,
    name: str = "",
    role: Role = Role.OWNER,
    password: str | None = None,
    **fields: object,
) -> User:
    return User.objects.create_user(
        email=email, password=password, management_account=management_account, name=name, role=role, **fields
    )

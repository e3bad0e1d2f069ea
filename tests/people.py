"""Alice owns, Bob only looks, Charlie works for somebody else: the people of every story."""

from dataclasses import dataclass

from billow.records.accounts.models import ManagementAccount, Role, User
from billow.usecases.actor import Actor, Source
from tests.factories.accounts import make_management_account, make_user

PASSWORD = "a long road to Larissa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at the console; ``actor`` is what use cases take."""

    user: User

    @property
    def actor(self) -> Actor:
        return Actor(management_account=self.user.management_account, user=self.user, source=Source.CONSOLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Two MSPs: Alice (owner) and Bob (viewer) of ours, Charlie (owner) of the other."""

    msp: ManagementAccount
    other_msp: ManagementAccount
    alice: Person
    bob: Person
    charlie: Person

    @property
    def operator(self) -> Actor:
        """Whoever runs the installation of our MSP: the command line, background work."""
        return Actor(management_account=self.msp, user=None, source=Source.CLI)


def make_people(*, password: str | None = None, time_zone: str = "UTC") -> People:
    """Create both MSPs and everybody in them; a password is needed only by who signs in through the form."""
    msp = make_management_account(name="Nimbus Partners", time_zone=time_zone)
    other = make_management_account(name="Cirrus Resale")
    return People(
        msp=msp,
        other_msp=other,
        alice=Person(
            user=make_user(management_account=msp, email="alice@nimbus.example", name="Alice", password=password)
        ),
        bob=Person(
            user=make_user(
                management_account=msp, email="bob@nimbus.example", name="Bob", role=Role.VIEWER, password=password
            )
        ),
        charlie=Person(
            user=make_user(management_account=other, email="charlie@cirrus.example", name="Charlie", password=password)
        ),
    )

"""Everybody at the console, each with a browser session of their own (without script)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from billow.records.billing.models import BillingProfile, ManagedAccount
from tests.factories.parties import make_managed_account, make_profile
from tests.people import People, Person, make_people

SignedIn = Callable[[Person], Client]


@pytest.fixture(autouse=True, scope="session")
def static_folder() -> None:
    """Make the folder that `billow serve` collects static files into: its absence is a warning."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture
def signed_in() -> SignedIn:
    def client_of(person: Person) -> Client:
        client = Client()
        client.force_login(person.user)
        return client

    return client_of


@pytest.fixture
def profile(people: People) -> BillingProfile:
    return make_profile(management_account=people.msp)


@pytest.fixture
def olives(people: People) -> ManagedAccount:
    return make_managed_account(management_account=people.msp, name="Thessaly Olives")

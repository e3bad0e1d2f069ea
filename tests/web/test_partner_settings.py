"""The list of partner settings: it leads to every page that one may see, and to none that one may not."""

from billow.interfaces.web.frame.settings_places import GROUPS
from billow.records.accounts.models import Role
from tests.factories.accounts import make_user
from tests.people import People, Person
from tests.web.conftest import SignedIn


def test_the_settings_lead_to_every_page_that_one_may_see(people: People, signed_in: SignedIn) -> None:
    for role in Role:
        user = make_user(management_account=people.msp, email=f"{role}@nimbus.example", role=role)
        client = signed_in(Person(user=user))
        text = client.get("/settings").content.decode()
        for place in (place for group in GROUPS for place in group.places):
            may = user.may(place.needs)
            assert (role, place.key, f'<a href="{place.path}"' in text) == (role, place.key, may)
            answer = client.get(place.path)
            assert (role, place.key, answer.status_code) == (role, place.key, 200 if may else 403)
            if may:
                assert f'<a href="{place.path}" aria-current="page">' in answer.content.decode()

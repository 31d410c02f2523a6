"""Keys that seal are changed, and people still come in."""

from typing import Any

from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sealing import seal, unseal
from marketplace.sign_on.models import SignOn, SignOnKind
from marketplace.sign_on.resealing import reseal_all
from tests.factories.codes import SECRET, give_second_factor, make_code


def test_secrets_are_sealed_with_the_newest_key(alice: User, owner: AccessibleOrganization, settings: Any) -> None:
    settings.SEALING_KEYS = ["the old key"]
    give_second_factor(alice)
    SignOn.objects.create(
        organization=owner.organization,
        kind=SignOnKind.OPENID,
        issuer="https://login.corp.example",
        sealed_secret=seal("theirs"),
        updated_at=timezone.now(),
    )
    settings.SEALING_KEYS = ["the new key", "the old key"]
    assert reseal_all() == 3
    settings.SEALING_KEYS = ["the new key"]
    assert unseal(SignOn.objects.get().sealed_secret) == "theirs"
    app = alice.authenticator_set.get(type="totp")
    assert unseal(app.data["secret"]) == SECRET
    assert app.wrap().validate_code(make_code())
    assert alice.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()

"""The form of a new key, and what a key's bounds are called."""

from datetime import datetime, timedelta

from django import forms

from marketplace.organizations.key_permissions import KeyPermissions
from marketplace.organizations.models import ALL_ALGORITHMS, ALL_DATA, ApiKey, Team
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.organizations.teams import list_own_teams

LIFETIMES = {"": "Never", "7": "In 7 days", "30": "In 30 days", "90": "In 90 days", "365": "In a year"}
"""Days."""


class KeyForm(forms.Form):
    """A new key, which may do everything unless something is taken away."""

    name = forms.CharField(max_length=100, label="Name", error_messages={"required": "Give the key a name."})
    allow_algo = forms.BooleanField(required=False, initial=True, label="Call algorithms")
    algo_acl = forms.CharField(required=False, label="Which algorithms")
    allow_data = forms.BooleanField(required=False, initial=True, label="Read data")
    allow_data_write = forms.BooleanField(required=False, initial=True, label="Write data")
    data_acl = forms.CharField(required=False, label="Which data")
    allow_algo_management = forms.BooleanField(
        required=False, initial=True, label="Manage algorithms, members and keys"
    )
    addresses = forms.CharField(required=False, label="From which addresses")
    expires = forms.ChoiceField(required=False, choices=list(LIFETIMES.items()), label="Expires")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, label="Team", empty_label="None")
    bounded = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)
    """Whether the fields of the bounds were there: a name alone makes a key that may do everything."""

    def __init__(self, scope: AccessibleOrganization, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["team"].queryset = list_own_teams(scope=scope)  # type: ignore[attr-defined]

    def permissions(self, now: datetime) -> KeyPermissions:
        """What was chosen; the lists are words with spaces or commas between."""
        chosen = self.cleaned_data
        if not chosen["bounded"]:
            return KeyPermissions()
        days = chosen["expires"]
        return KeyPermissions(
            allow_algo=chosen["allow_algo"],
            algo_acl=_words(chosen["algo_acl"], "algo://") or (ALL_ALGORITHMS,),
            allow_data=chosen["allow_data"],
            allow_data_write=chosen["allow_data_write"],
            data_acl=_words(chosen["data_acl"], "data://") or (ALL_DATA,),
            allow_algo_management=chosen["allow_algo_management"],
            addresses=_words(chosen["addresses"], ""),
            expires_at=now + timedelta(days=int(days)) if days else None,
        )


def describe_bounds(key: ApiKey) -> list[str]:
    """What it may not do of what its maker may, a few words for each bound; nothing for a key without bounds."""
    bounds = [
        "no calls" if not key.allow_algo else "",
        "no data" if not key.allow_data else "" if key.allow_data_write else "data read only",
        "no management" if not key.allow_algo_management else "",
        *(key.algo_acl if key.allow_algo and ALL_ALGORITHMS not in key.algo_acl else ()),
        *(key.data_acl if key.allow_data and ALL_DATA not in key.data_acl else ()),
        f"team {key.team.name}" if key.team else "",
        *(f"from {network}" for network in key.addresses),
    ]
    return [bound for bound in bounds if bound]


def _words(text: str, scheme: str) -> tuple[str, ...]:
    words = text.replace(",", " ").split()
    return tuple(word if word.startswith(scheme) else f"{scheme}{word}" for word in words)

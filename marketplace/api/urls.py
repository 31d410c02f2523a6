"""/v1/, but for calls that wait for their answer, which the gateway serves."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path, register_converter
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from marketplace.api.by_id import by_id
from marketplace.api.views.algorithms import (
    AlgorithmSearchView,
    AlgorithmView,
    OwnerAlgorithmsView,
    PersonAlgorithmsView,
)
from marketplace.api.views.async_calls import AsyncCallsView, CallLaterView, CancelCallView
from marketplace.api.views.batches import BatchLaterView, BatchView, CancelBatchView
from marketplace.api.views.budgets import BudgetsView, BudgetView, KeyLimitView
from marketplace.api.views.builds import BuildLogView, BuildsView, BuildView, CancelBuildView, RetryBuildView
from marketplace.api.views.call_waits import wait_for_call
from marketplace.api.views.environments import AllEnvironmentsView, EnvironmentsView, LanguagesView, TemplateView
from marketplace.api.views.failures import AlgorithmFailuresView, OrganizationFailuresView, PersonFailuresView
from marketplace.api.views.git_webhooks import receive_git_push
from marketplace.api.views.hosted_data import DefaultCollectionView, HostedDataView
from marketplace.api.views.imports import SourceImportView
from marketplace.api.views.insights import AlgorithmInsightsView, InsightsView
from marketplace.api.views.invitations import InvitationsView, InvitationView
from marketplace.api.views.keys import KeysView, KeyView, PersonKeysView
from marketplace.api.views.monitor import DrainView, EndCallView, EndSlotView, MonitorView
from marketplace.api.views.organizations import (
    BalanceView,
    CallsView,
    MembersView,
    MemberView,
    OrganizationsView,
    OrganizationTypesView,
    OrganizationView,
)
from marketplace.api.views.payments import InvoicesView, InvoiceView, PaymentsView, PaymentView, PayoutsView
from marketplace.api.views.prices import PricesView, QuoteView
from marketplace.api.views.samples import SamplesView
from marketplace.api.views.secrets import (
    OrganizationSecretsView,
    OrganizationSecretView,
    SecretProvidersView,
    SecretsView,
    SecretView,
)
from marketplace.api.views.source_hosts import SourceHostsView, SourceHostView, SourceStatusView
from marketplace.api.views.stripe_events import receive_stripe_event
from marketplace.api.views.supply_chain import BillOfMaterialsView, SupplyChainView
from marketplace.api.views.traffic import TrafficView
from marketplace.api.views.unknown import UnknownPathView
from marketplace.api.views.users import UsersView, UserView
from marketplace.api.views.versions import CompileView, VersionsAliasView, VersionsView, VersionView
from marketplace.api.views.webhook_secrets import WebhookSecretView


class NameConverter:
    """The slug of an owner, or the name of an algorithm: anything else cannot exist."""

    regex = "[A-Za-z][A-Za-z0-9_]{0,63}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class PersonConverter(NameConverter):
    """A user name, or the id that an answer gave."""

    regex = f"{NameConverter.regex}|[0-9]{{1,18}}"


class SelectorConverter(NameConverter):
    """What names a version: a number, part of one, a word, or a source hash."""

    regex = "[A-Za-z0-9.*]{1,64}"


register_converter(NameConverter, "name")
register_converter(PersonConverter, "person")
register_converter(SelectorConverter, "selector")

ALGORITHM = "v1/algorithms/<name:owner>/<name:name>"
ORGANIZATION = "v1/organizations/<name:organization>"
ENVIRONMENTS = "v1/algorithm-environments/edge"
LANGUAGES = f"{ENVIRONMENTS}/languages"


def algorithm_paths(prefix: str, make: Callable[[type[APIView]], Callable[..., HttpResponseBase]]) -> list[URLPattern]:
    """What there is below an algorithm, however it is named. `make` turns a view's class into what answers."""
    return [
        path(prefix, make(AlgorithmView)),
        path(f"{prefix}/compile", make(CompileView)),
        path(f"{prefix}/builds", make(BuildsView)),
        path(f"{prefix}/builds/<uuid:build_id>", make(BuildView)),
        path(f"{prefix}/builds/<uuid:build_id>/logs", make(BuildLogView)),
        path(f"{prefix}/builds/<uuid:build_id>/cancel", make(CancelBuildView)),
        path(f"{prefix}/builds/<uuid:build_id>/retry", make(RetryBuildView)),
        path(f"{prefix}/versions", make(VersionsView)),
        path(f"{prefix}/version", make(VersionsAliasView)),
        path(f"{prefix}/versions/<selector:version>", make(VersionView)),
        path(f"{prefix}/versions/<selector:version>/prices", make(PricesView)),
        path(f"{prefix}/versions/<selector:version>/sbom", make(BillOfMaterialsView)),
        path(f"{prefix}/versions/<selector:version>/supply-chain", make(SupplyChainView)),
        path(f"{prefix}/quote", make(QuoteView)),
        path(f"{prefix}/traffic", make(TrafficView)),
        path(f"{prefix}/samples", make(SamplesView)),
        path(f"{prefix}/scm/status", make(SourceStatusView)),
        path(f"{prefix}/import", make(SourceImportView)),
        path(f"{prefix}/errors", make(AlgorithmFailuresView)),
        path(f"{prefix}/collections/<uuid:collection_id>", make(DefaultCollectionView)),
        path(f"{prefix}/insights", make(AlgorithmInsightsView)),
        path(f"{prefix}/secrets", make(SecretsView)),
        path(f"{prefix}/secrets/<uuid:secret_id>", make(SecretView)),
    ]


CALL = (
    r"^v1/(?:web/)?algo/(?:(?P<owner>[A-Za-z]\w{0,63})/(?P<name>[A-Za-z]\w{0,63})"
    r"|(?P<algorithm_id>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}))(?:/(?P<version>[A-Za-z0-9.*]{1,64}))??"
)
"""As marketplace/gateway/addresses.py reads it."""

open_to_all = {"authentication_classes": [], "permission_classes": [AllowAny]}

urlpatterns = [
    path("v1/schema", SpectacularJSONAPIView.as_view(**open_to_all), name="schema"),
    path("v1/openapispec", SpectacularJSONAPIView.as_view(**open_to_all)),
    path(
        "v1/docs",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="store/api_docs.html", **open_to_all),
        name="api-docs",
    ),
    path("v1/algorithms", AlgorithmSearchView.as_view()),
    path("v1/algorithms/<name:owner>", OwnerAlgorithmsView.as_view()),
    *algorithm_paths(ALGORITHM, lambda view: view.as_view()),
    *algorithm_paths("v1/algorithms/<uuid:algorithm_id>", by_id),
    path(LANGUAGES, LanguagesView.as_view()),
    path(f"{ENVIRONMENTS}/environments", AllEnvironmentsView.as_view()),
    path(f"{LANGUAGES}/<str:language>/environments", EnvironmentsView.as_view()),
    path(f"{ENVIRONMENTS}/environment-specifications/<str:environment_id>/template", TemplateView.as_view()),
    path("v1/secret-provider", SecretProvidersView.as_view()),
    path("v1/insights", InsightsView.as_view()),
    path("v1/scms", SourceHostsView.as_view()),
    path("v1/scms/<str:host_id>", SourceHostView.as_view()),
    path("v1/organization/types", OrganizationTypesView.as_view()),
    path("v1/organizations", OrganizationsView.as_view()),
    path(ORGANIZATION, OrganizationView.as_view()),
    path(f"{ORGANIZATION}/members", MembersView.as_view()),
    path(f"{ORGANIZATION}/members/<name:username>", MemberView.as_view()),
    path(f"{ORGANIZATION}/invitations", InvitationsView.as_view()),
    path(f"{ORGANIZATION}/invitations/<uuid:invitation_id>", InvitationView.as_view()),
    path(f"{ORGANIZATION}/keys", KeysView.as_view()),
    path(f"{ORGANIZATION}/keys/<uuid:key_id>", KeyView.as_view()),
    path(f"{ORGANIZATION}/keys/<uuid:key_id>/limits", KeyLimitView.as_view()),
    path(f"{ORGANIZATION}/secrets", OrganizationSecretsView.as_view()),
    path(f"{ORGANIZATION}/secrets/<uuid:secret_id>", OrganizationSecretView.as_view()),
    path(f"{ORGANIZATION}/budgets", BudgetsView.as_view()),
    path(f"{ORGANIZATION}/budgets/<uuid:budget_id>", BudgetView.as_view()),
    path(f"{ORGANIZATION}/balance", BalanceView.as_view()),
    path(f"{ORGANIZATION}/errors", OrganizationFailuresView.as_view()),
    path(f"{ORGANIZATION}/calls", CallsView.as_view()),
    path(f"{ORGANIZATION}/payments", PaymentsView.as_view()),
    path(f"{ORGANIZATION}/payments/<uuid:payment_id>", PaymentView.as_view()),
    path(f"{ORGANIZATION}/invoices", InvoicesView.as_view()),
    path(f"{ORGANIZATION}/invoices/<uuid:invoice_id>", InvoiceView.as_view()),
    path(f"{ORGANIZATION}/payouts", PayoutsView.as_view()),
    path("v1/hostedData", HostedDataView.as_view()),
    path("v1/monitor", MonitorView.as_view()),
    path("v1/monitor/calls/<uuid:call_id>/end", EndCallView.as_view()),
    path("v1/monitor/nodes/<str:node>/drain", DrainView.as_view()),
    path("v1/monitor/nodes/<str:node>/slots/<int:slot>/end", EndSlotView.as_view()),
    path("v1/users", UsersView.as_view()),
    path("v1/users/<name:username>/algorithms", PersonAlgorithmsView.as_view()),
    path("v1/users/<person:username>/errors", PersonFailuresView.as_view()),
    path("v1/users/<name:username>", UserView.as_view()),
    path("v1/users/<name:organization>/keys", PersonKeysView.as_view()),
    path("v1/webhooks/stripe", receive_stripe_event),
    path("v1/webhooks/git/<uuid:import_id>", receive_git_push, name="git-webhook"),
    re_path(f"{CALL}/batch/?$", BatchLaterView.as_view()),
    re_path(f"{CALL}/?$", CallLaterView.as_view()),
    path("v1/batches/<uuid:batch_id>", BatchView.as_view()),
    path("v1/batches/<uuid:batch_id>/cancel", CancelBatchView.as_view()),
    path(f"{ORGANIZATION}/webhook-secret", WebhookSecretView.as_view()),
    path("v1/calls", AsyncCallsView.as_view()),
    path("v1/calls/req-<uuid:call_id>", wait_for_call),
    path("v1/calls/req-<uuid:call_id>/cancel", CancelCallView.as_view()),
    re_path(r"^v1(/[\s\S]*)?$", UnknownPathView.as_view()),
]

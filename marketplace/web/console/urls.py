"""The console: pages of people who are signed in, by organization."""

from django.urls import path

from marketplace.web import converters  # noqa: F401 - registers `word`
from marketplace.web.console import (
    algorithm_settings,
    algorithms,
    audit_log,
    balance,
    budgets,
    builds,
    calls,
    exports,
    failures,
    home,
    invoices,
    key_page,
    keys,
    members,
    new_organization,
    overview,
    payments,
    payouts,
    prices,
    samples,
    secrets,
    settings,
    sign_in,
    supply_chain,
    traffic,
    usage,
    versions,
)
from marketplace.web.monitor import pages as monitor

app_name = "console"

ORGANIZATION = "console/<word:slug>"
KEYS = f"{ORGANIZATION}/keys"
CALLS = f"{ORGANIZATION}/calls"
ALGORITHMS = f"{ORGANIZATION}/algorithms"
MEMBERS = f"{ORGANIZATION}/members"
PAYMENTS = f"{ORGANIZATION}/payments"
INVOICES = f"{ORGANIZATION}/invoices"
PAYOUTS = f"{ORGANIZATION}/payouts"

urlpatterns = [
    path("console", home.home, name="home"),
    path("console/new", new_organization.new_organization, name="new-organization"),
    path(ORGANIZATION, overview.overview, name="overview"),
    path(KEYS, keys.keys, name="keys"),
    path(f"{KEYS}/<uuid:key_id>", key_page.key, name="key"),
    path(f"{KEYS}/<uuid:key_id>/budget", key_page.change_budget, name="key-budget"),
    path(f"{KEYS}/<uuid:key_id>/limits", key_page.change_limits, name="key-limits"),
    path(f"{KEYS}/<uuid:key_id>/revoke", keys.revoke, name="revoke-key"),
    path(CALLS, calls.calls, name="calls"),
    path(f"{ORGANIZATION}/monitor", monitor.organization_monitor, name="monitor"),
    path(f"{ORGANIZATION}/monitor/calls/<uuid:call_id>/end", monitor.end_organization_call, name="end-call"),
    path(f"{CALLS}/<uuid:call_id>", calls.call, name="call"),
    path(f"{ORGANIZATION}/usage", usage.usage, name="usage"),
    path(f"{ORGANIZATION}/usage.csv", usage.usage_csv, name="usage-csv"),
    path(f"{ORGANIZATION}/budgets", budgets.budgets, name="budgets"),
    path(f"{ORGANIZATION}/budgets/<uuid:budget_id>/remove", budgets.remove, name="remove-budget"),
    path(f"{ORGANIZATION}/balance", balance.balance, name="balance"),
    path(ALGORITHMS, algorithms.algorithms, name="algorithms"),
    path(f"{ALGORITHMS}/<word:name>", algorithms.algorithm, name="algorithm"),
    path(f"{ALGORITHMS}/<word:name>/builds/<uuid:build_id>", builds.build, name="build"),
    path(f"{ALGORITHMS}/<word:name>/builds/<uuid:build_id>/cancel", builds.cancel, name="cancel-build"),
    path(f"{ALGORITHMS}/<word:name>/builds/<uuid:build_id>/retry", builds.retry, name="retry-build"),
    path(f"{ALGORITHMS}/<word:name>/builds/<uuid:build_id>/publish", builds.publish, name="publish-build"),
    path(f"{ALGORITHMS}/<word:name>/errors", failures.failures, name="failures"),
    path(f"{ALGORITHMS}/<word:name>/prices", prices.prices, name="prices"),
    path(f"{ALGORITHMS}/<word:name>/settings", algorithm_settings.settings, name="algorithm-settings"),
    path(f"{ALGORITHMS}/<word:name>/settings/delete", algorithm_settings.delete, name="delete-algorithm"),
    path(f"{ALGORITHMS}/<word:name>/samples", samples.samples, name="samples"),
    path(f"{ALGORITHMS}/<word:name>/samples/remove", samples.remove, name="remove-sample"),
    path(f"{ALGORITHMS}/<word:name>/samples/on-change", samples.on_change, name="on-change"),
    path(f"{ALGORITHMS}/<word:name>/traffic", traffic.traffic, name="traffic"),
    path(f"{ALGORITHMS}/<word:name>/traffic/unite", traffic.unite, name="unite-traffic"),
    path(f"{ALGORITHMS}/<word:name>/secrets", secrets.secrets, name="secrets"),
    path(f"{ALGORITHMS}/<word:name>/secrets/<uuid:secret_id>/remove", secrets.remove, name="remove-secret"),
    path(
        f"{ALGORITHMS}/<word:name>/secrets/shared/<uuid:secret_id>/remove",
        secrets.remove_shared,
        name="remove-shared-secret",
    ),
    path(f"{ALGORITHMS}/<word:name>/supply-chain", supply_chain.supply_chain, name="supply-chain"),
    path(f"{ALGORITHMS}/<word:name>/versions/<str:number>", versions.version, name="version"),
    path(f"{ALGORITHMS}/<word:name>/versions/<str:number>/deprecate", versions.deprecate, name="deprecate-version"),
    path(f"{ALGORITHMS}/<word:name>/versions/<str:number>/latest", versions.latest, name="make-latest"),
    path(
        f"{ALGORITHMS}/<word:name>/versions/<str:number>/bill-of-materials",
        supply_chain.bill_of_materials,
        name="bill-of-materials",
    ),
    path(f"{ALGORITHMS}/<word:name>/versions/<str:number>/withdraw", versions.withdraw, name="withdraw-version"),
    path(f"{ORGANIZATION}/settings", settings.settings, name="settings"),
    path(f"{ORGANIZATION}/settings/delete", settings.delete, name="delete-organization"),
    path(f"{ORGANIZATION}/sign-in", sign_in.sign_in, name="sign-in"),
    path(f"{ORGANIZATION}/sign-in/two-factor", sign_in.two_factor, name="two-factor"),
    path(MEMBERS, members.members, name="members"),
    path(f"{MEMBERS}/invitations/<uuid:invitation_id>/renew", members.renew_invitation, name="renew-invitation"),
    path(f"{MEMBERS}/invitations/<uuid:invitation_id>/end", members.end_invitation, name="end-invitation"),
    path(f"{MEMBERS}/<word:username>/role", members.change_role, name="change-role"),
    path(f"{MEMBERS}/<word:username>/remove", members.remove, name="remove-member"),
    path(PAYMENTS, payments.payments, name="payments"),
    path(f"{PAYMENTS}/buy", payments.buy, name="buy-credits"),
    path(f"{PAYMENTS}/top-up", payments.change_top_up, name="top-up"),
    path(f"{PAYMENTS}/tax-id", payments.change_tax_id, name="tax-id"),
    path(f"{PAYMENTS}.csv", exports.payments_csv, name="payments-csv"),
    path(INVOICES, invoices.invoices, name="invoices"),
    path(f"{INVOICES}/<uuid:invoice_id>", invoices.invoice, name="invoice"),
    path(f"{INVOICES}/<uuid:invoice_id>.pdf", invoices.invoice_pdf, name="invoice-pdf"),
    path(f"{INVOICES}/<uuid:invoice_id>.csv", exports.invoice_csv, name="invoice-csv"),
    path(PAYOUTS, payouts.payouts, name="payouts"),
    path(f"{PAYOUTS}/set-up", payouts.set_up, name="set-up-payouts"),
    path(f"{PAYOUTS}/pay", payouts.pay, name="pay-out"),
    path(f"{PAYOUTS}/automatic", payouts.change_automatic, name="automatic-payouts"),
    path(f"{PAYOUTS}.csv", exports.payouts_csv, name="payouts-csv"),
    path(f"{ORGANIZATION}/audit", audit_log.audit_log, name="audit"),
    path(f"{ORGANIZATION}/audit.csv", audit_log.audit_csv, name="audit-csv"),
    path(f"{ORGANIZATION}/audit.jsonl", audit_log.audit_lines, name="audit-lines"),
]

"""The operator's pages."""

from django.urls import path

from marketplace.web.operator import money

app_name = "operator"

urlpatterns = [
    path("billing", money.overview, name="money"),
    path("billing/refund/<uuid:payment_id>", money.refund, name="refund"),
    path("billing/terms", money.terms, name="terms"),
    path("billing/reconcile", money.reconcile, name="reconcile"),
]

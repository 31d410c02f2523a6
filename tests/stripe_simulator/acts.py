"""What people and banks do at Stripe, which no request of ours does: pay, dispute, give up, fail."""

from typing import Any

from tests.stripe_simulator.requests import create_refund, make_intent
from tests.stripe_simulator.state import Refusal, State, Thing


def pay_session(state: State, session: str, card: str = "pm_card_visa") -> Thing:
    """The buyer pays at Checkout, or tries to."""
    found = state.get(session, "checkout.session")
    if found["status"] != "open":
        raise Refusal(400, "invalid_request_error", "This session is over.")
    if found["payment_intent"] is None:
        fields = {"amount": found["amount_total"], "currency": found["currency"], "customer": found["customer"]}
        found["payment_intent"] = make_intent(state, **fields, **found["intent"])["id"]
    state.charge(state.get(found["payment_intent"], "payment_intent"), card)
    found |= {"status": "complete", "payment_status": "paid"}
    state.tell("checkout.session.completed", found)
    return found


def expire_session(state: State, session: str) -> Thing:
    """Nobody came to pay."""
    found = state.get(session, "checkout.session")
    found["status"] = "expired"
    state.tell("checkout.session.expired", found)
    return found


def refund(state: State, payment_intent: str, amount: int) -> Thing:
    """In Stripe's dashboard."""
    return dict(create_refund(state, {"payment_intent": payment_intent, "amount": amount}))


def fail_refund(state: State, refund: str) -> Thing:
    """The payer's bank sends it back."""
    found = state.get(refund, "refund")
    found |= {"status": "failed"}
    found["failure_balance_transaction"] = state.move("refund_failure", refund, found["amount"])["id"]
    state.get(found["charge"], "charge")["amount_refunded"] -= found["amount"]
    state.tell("refund.failed", found)
    return found


def dispute(state: State, payment_intent: str, amount: int) -> Thing:
    """The payer's bank takes the money."""
    charge = state.get(state.get(payment_intent, "payment_intent")["latest_charge"], "charge")
    charge["disputed"] = True
    made = state.make(
        "dp", "dispute", amount=amount, currency="usd", charge=charge["id"], payment_intent=payment_intent,
        status="needs_response", reason="fraudulent", balance_transactions=[],
    )  # fmt: skip
    made["balance_transactions"].append(state.move("adjustment", made["id"], -amount))
    state.tell("charge.dispute.created", made)
    state.tell("charge.dispute.funds_withdrawn", made)
    return made


def close_dispute(state: State, dispute: str, won: bool) -> Thing:
    """The bank decides."""
    found = state.get(dispute, "dispute")
    found["status"] = "won" if won else "lost"
    if won:
        found["balance_transactions"].append(state.move("adjustment", dispute, found["amount"]))
        state.tell("charge.dispute.funds_reinstated", found)
    state.tell("charge.dispute.closed", found)
    return found


def pay_invoice(state: State, invoice: str) -> Thing:
    """On the page that Stripe mailed."""
    found = state.get(invoice, "invoice")
    intent = make_intent(state, amount=found["total"], currency="usd", customer=found["customer"])
    state.charge(intent, "pm_card_visa")
    payment = {"type": "payment_intent", "payment_intent": intent["id"]}
    paid = state.make(
        "inpay", "invoice_payment", invoice=invoice, payment=payment, status="paid", amount_paid=found["total"]
    )
    found |= {"status": "paid", "amount_paid": found["total"]}
    state.tell("invoice_payment.paid", paid)
    state.tell("invoice.paid", found)
    return found


def close_invoice(state: State, invoice: str, status: str) -> Thing:
    """In Stripe's dashboard: `void`, `uncollectible`, or `paid` by other means than Stripe."""
    found = state.get(invoice, "invoice")
    found["status"] = status
    state.tell({"void": "invoice.voided", "paid": "invoice.paid"}.get(status, "invoice.marked_uncollectible"), found)
    return found


def complete_onboarding(state: State, account: str) -> Thing:
    """The author's owner answers everything."""
    found = state.get(account, "account")
    found |= {"details_submitted": True, "payouts_enabled": True}
    state.tell("account.updated", found)
    return found


def restrict_account(state: State, account: str) -> Thing:
    """Stripe wants to know more."""
    found = state.get(account, "account")
    found["payouts_enabled"] = False
    state.tell("account.updated", found)
    return found


def reverse_transfer(state: State, transfer: str, amount: int) -> Thing:
    """In Stripe's dashboard."""
    made = state.make("trr", "transfer_reversal", transfer=transfer, amount=amount)
    state.move("transfer_refund", made["id"], amount)
    state.tell("transfer.reversed", state.get(transfer, "transfer"))
    return made


ACTS: dict[str, Any] = {
    function.__name__: function
    for function in (
        pay_session, expire_session, refund, fail_refund, dispute, close_dispute, pay_invoice, close_invoice,
        complete_onboarding, restrict_account, reverse_transfer,
    )
}  # fmt: skip

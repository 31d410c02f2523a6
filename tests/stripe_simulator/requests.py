"""The requests that Agora makes of Stripe: a method and a path, and what comes of it."""

import re
from collections.abc import Callable
from typing import Any

from tests.stripe_simulator.state import Refusal, State, Thing

Answer = Callable[..., Any]
ROUTES: list[tuple[str, re.Pattern[str], Answer]] = []


def route(method: str, path: str) -> Callable[[Answer], Answer]:
    """Registers `answer(state, params, *ids)`; each `:id` of the path is one of `ids`."""

    def register(answer: Answer) -> Answer:
        ROUTES.append((method, re.compile(re.sub(":id", r"([^/]+)", path) + "$"), answer))
        return answer

    return register


def answer(state: State, method: str, path: str, params: Thing) -> Any:
    """What Stripe would answer. Raises Refusal."""
    for known, pattern, function in ROUTES:
        if known == method and (found := pattern.match(path)):
            return function(state, params, *found.groups())
    raise Refusal(404, "invalid_request_error", f"Unrecognized request URL ({method}: {path}).")


def page(things: list[Thing], params: Thing) -> Thing:
    """A list, from the one after `starting_after` on."""
    if "created" in params:
        first, end = int(params["created"].get("gte", 0)), int(params["created"].get("lt", 10**12))
        things = [each for each in things if first <= each["created"] < end]
    ids = [each["id"] for each in things]
    start = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    limit = int(params.get("limit", 10))
    return {
        "object": "list",
        "url": "/v1",
        "data": things[start : start + limit],
        "has_more": len(things) > start + limit,
    }


@route("POST", "/v1/customers")
def create_customer(state: State, params: Thing) -> Thing:
    return state.make("cus", "customer", **params)


@route("POST", "/v1/customers/:id/tax_ids")
def create_tax_id(state: State, params: Thing, customer: str) -> Thing:
    state.get(customer, "customer")
    if not re.fullmatch(r"[A-Z0-9-]{8,}", params["value"]):
        raise Refusal(400, "invalid_request_error", f"Invalid value for {params['type']}.", "tax_id_invalid")
    return state.make("txi", "tax_id", customer=customer, **params)


@route("DELETE", "/v1/customers/:id/tax_ids/:id")
def delete_tax_id(state: State, params: Thing, customer: str, tax_id: str) -> Thing:
    state.get(tax_id, "tax_id")
    del state.things[tax_id]
    return {"id": tax_id, "object": "tax_id", "deleted": True}


@route("POST", "/v1/checkout/sessions")
def create_session(state: State, params: Thing) -> Thing:
    price = params["line_items"][0]["price_data"]
    made = state.make(
        "cs_test", "checkout.session", mode=params["mode"], customer=params["customer"], metadata=params["metadata"],
        amount_total=int(price["unit_amount"]), currency=price["currency"], status="open", payment_status="unpaid",
        payment_intent=None, success_url=params["success_url"], cancel_url=params["cancel_url"],
        intent=params["payment_intent_data"],
    )  # fmt: skip
    made["url"] = f"https://checkout.stripe.example/pay/{made['id']}"
    return made


@route("GET", "/v1/checkout/sessions/:id")
def get_session(state: State, params: Thing, session: str) -> Thing:
    return state.get(session, "checkout.session")


def make_intent(state: State, **fields: Any) -> Thing:
    usual = {
        "status": "requires_payment_method",
        "latest_charge": None,
        "last_payment_error": None,
        "amount_received": 0,
    }
    usual |= {"payment_method": None, "setup_future_usage": None, "metadata": {}}
    return state.make("pi", "payment_intent", **usual | fields)


@route("POST", "/v1/payment_intents")
def create_intent(state: State, params: Thing) -> Thing:
    state.get(params["customer"], "customer")
    made = make_intent(
        state, amount=int(params["amount"]), currency=params["currency"], customer=params["customer"],
        metadata=params["metadata"],
    )  # fmt: skip
    if params.get("confirm") == "true":
        state.charge(made, params["payment_method"])
    return made


@route("GET", "/v1/payment_intents/:id")
def get_intent(state: State, params: Thing, intent: str) -> Thing:
    found = state.get(intent, "payment_intent")
    if "latest_charge" in params.get("expand", []) and found["latest_charge"]:
        return found | {"latest_charge": state.get(found["latest_charge"], "charge")}
    return found


@route("GET", "/v1/payment_intents")
def list_intents(state: State, params: Thing) -> Thing:
    return page(state.list("payment_intent", lambda each: each["customer"] == params["customer"]), params)


@route("POST", "/v1/refunds")
def create_refund(state: State, params: Thing) -> Thing:
    intent = state.get(params["payment_intent"], "payment_intent")
    charge = state.get(intent["latest_charge"], "charge")
    cents = int(params.get("amount", charge["amount"]))
    if cents > charge["amount"] - charge["amount_refunded"]:
        raise Refusal(400, "invalid_request_error", "Refund amount is greater than unrefunded amount.")
    made = state.make(
        "re", "refund", amount=cents, currency="usd", charge=charge["id"], payment_intent=intent["id"],
        status="succeeded", failure_balance_transaction=None,
    )  # fmt: skip
    made["balance_transaction"] = state.move("refund", made["id"], -cents)["id"]
    charge["amount_refunded"] += cents
    state.tell("refund.created", made)
    state.tell("charge.refunded", charge)
    return made


@route("GET", "/v1/refunds")
def list_refunds(state: State, params: Thing) -> Thing:
    return page(state.list("refund", lambda each: each["payment_intent"] == params["payment_intent"]), params)


@route("GET", "/v1/disputes")
def list_disputes(state: State, params: Thing) -> Thing:
    return page(state.list("dispute", lambda each: each["payment_intent"] == params["payment_intent"]), params)


@route("POST", "/v1/invoices")
def create_invoice(state: State, params: Thing) -> Thing:
    state.get(params["customer"], "customer")
    made = state.make(
        "in", "invoice", customer=params["customer"], metadata=params["metadata"], status="draft", total=0,
        amount_paid=0, hosted_invoice_url=None, currency=params["currency"],
    )  # fmt: skip
    state.tell("invoice.created", made)
    return made


@route("GET", "/v1/invoices")
def list_invoices(state: State, params: Thing) -> Thing:
    return page(state.list("invoice", lambda each: each["customer"] == params["customer"]), params)


@route("GET", "/v1/invoices/:id")
def get_invoice(state: State, params: Thing, invoice: str) -> Thing:
    return state.get(invoice, "invoice")


@route("POST", "/v1/invoices/:id/add_lines")
def add_lines(state: State, params: Thing, invoice: str) -> Thing:
    found = state.get(invoice, "invoice")
    if found["status"] != "draft":
        raise Refusal(400, "invalid_request_error", "This invoice is finalized.")
    found["total"] += sum(int(line["amount"]) for line in params["lines"])
    return found


@route("POST", "/v1/invoices/:id/finalize")
def finalize_invoice(state: State, params: Thing, invoice: str) -> Thing:
    found = state.get(invoice, "invoice")
    found |= {"status": "open", "hosted_invoice_url": f"https://invoice.stripe.example/{invoice}"}
    state.tell("invoice.finalized", found)
    return found


@route("POST", "/v1/invoices/:id/send")
def send_invoice(state: State, params: Thing, invoice: str) -> Thing:
    found = state.get(invoice, "invoice")
    state.tell("invoice.sent", found)
    return found


@route("GET", "/v1/invoice_payments")
def list_invoice_payments(state: State, params: Thing) -> Thing:
    if "invoice" in params:
        return page(state.list("invoice_payment", lambda each: each["invoice"] == params["invoice"]), params)
    intent = params["payment"]["payment_intent"]
    return page(state.list("invoice_payment", lambda each: each["payment"]["payment_intent"] == intent), params)


@route("POST", "/v1/accounts")
def create_account(state: State, params: Thing) -> Thing:
    return state.make("acct", "account", details_submitted=False, payouts_enabled=False, **params)


@route("GET", "/v1/accounts/:id")
def get_account(state: State, params: Thing, account: str) -> Thing:
    return state.get(account, "account")


@route("POST", "/v1/account_links")
def create_account_link(state: State, params: Thing) -> Thing:
    account = state.get(params["account"], "account")["id"]
    return {"object": "account_link", "url": f"https://connect.stripe.example/{account}"}


@route("POST", "/v1/transfers")
def create_transfer(state: State, params: Thing) -> Thing:
    account = state.get(params["destination"], "account")
    if not account["payouts_enabled"]:
        raise Refusal(400, "invalid_request_error", "The destination account cannot take transfers.")
    made = state.make("tr", "transfer", **params | {"amount": int(params["amount"])})
    state.move("transfer", made["id"], -made["amount"])
    state.tell("transfer.created", made)
    return made


@route("GET", "/v1/transfers")
def list_transfers(state: State, params: Thing) -> Thing:
    group = params["transfer_group"]
    return page(state.list("transfer", lambda each: each["transfer_group"] == group), params)


@route("GET", "/v1/transfers/:id")
def get_transfer(state: State, params: Thing, transfer: str) -> Thing:
    return state.get(transfer, "transfer")


@route("GET", "/v1/transfers/:id/reversals")
def list_reversals(state: State, params: Thing, transfer: str) -> Thing:
    return page(state.list("transfer_reversal", lambda each: each["transfer"] == transfer), params)


@route("GET", "/v1/balance_transactions")
def list_movements(state: State, params: Thing) -> Thing:
    found = page(state.list("balance_transaction"), params)
    found["data"] = [each | {"source": state.things[each["source"]]} for each in found["data"]]
    return found

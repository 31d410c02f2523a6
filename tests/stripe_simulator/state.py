"""What the simulated Stripe has: objects as it would answer them, the money on our account, and its events."""

import copy
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

Thing = dict[str, Any]
DECLINED = {
    "pm_card_declined": "Your card was declined.",
    "pm_card_authenticate": "This card asks its owner each time.",
}
"""Cards that the bank refuses when nobody is there."""
FEE_CENTS = 30


class Refusal(Exception):
    """An answer that is an error, as Stripe words them."""

    def __init__(self, status: int, kind: str, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, "code": code}}


class State:
    """Everything. Not safe for threads: the server takes turns."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.events: list[str] = []
        """What would be sent, as texts, oldest first."""
        self._numbers = itertools.count(1)

    def make(self, prefix: str, kind: str, **fields: Any) -> Thing:
        """A new object."""
        made = {"id": f"{prefix}_{next(self._numbers):06d}", "object": kind, "created": int(time.time()), **fields}
        self.things[made["id"]] = made
        return made

    def get(self, thing_id: str, kind: str) -> Thing:
        """Raises Refusal."""
        found = self.things.get(thing_id)
        if found is None or found["object"] != kind:
            raise Refusal(404, "invalid_request_error", f"No such {kind}: '{thing_id}'", "resource_missing")
        return found

    def list(self, kind: str, keep: Callable[[Thing], bool] = lambda _: True) -> list[Thing]:
        """The newest first."""
        return [each for each in reversed(self.things.values()) if each["object"] == kind and keep(each)]

    def tell(self, kind: str, thing: Thing) -> None:
        """An event, with the object as it is now."""
        event = self.make(
            "evt", "event", type=kind, livemode=False, api_version=None, data={"object": copy.deepcopy(thing)}
        )
        self.events.append(json.dumps(event))

    def move(self, kind: str, source: str, cents: int) -> Thing:
        """Money on our account; what Stripe keeps of it is its fee."""
        fee = FEE_CENTS if kind == "charge" else 0
        return self.make(
            "txn",
            "balance_transaction",
            type=kind,
            source=source,
            amount=cents,
            fee=fee,
            net=cents - fee,
            currency="usd",
        )

    def charge(self, intent: Thing, card: str) -> None:
        """Charges the intent's card, or raises Refusal and leaves the intent as it was refused."""
        if card in DECLINED:
            code = "authentication_required" if "authenticate" in card else "card_declined"
            intent |= {
                "status": "requires_payment_method",
                "last_payment_error": {"message": DECLINED[card], "code": code},
            }
            self.tell("payment_intent.payment_failed", intent)
            raise Refusal(402, "card_error", DECLINED[card], code)
        details = {"type": "card", "card": {"brand": "visa", "last4": "4242"}}
        charge = self.make(
            "ch", "charge", amount=intent["amount"], currency=intent["currency"], customer=intent["customer"],
            payment_intent=intent["id"], payment_method=card, payment_method_details=details, disputed=False,
            amount_refunded=0, status="succeeded",
        )  # fmt: skip
        charge["balance_transaction"] = self.move("charge", charge["id"], charge["amount"])["id"]
        intent |= {"status": "succeeded", "latest_charge": charge["id"], "amount_received": intent["amount"]}
        intent |= {"payment_method": card, "last_payment_error": None}
        self.tell("payment_intent.succeeded", intent)
        self.tell("charge.succeeded", charge)

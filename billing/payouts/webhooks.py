"""What Stripe tells of authors' accounts and of transfers to them."""

from collections.abc import Callable, Mapping
from typing import Any

from billing.payouts.services import apply_account, apply_transfer

HANDLERS: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "account.updated": lambda account: apply_account(account["id"]),
    "transfer.": lambda transfer: apply_transfer(transfer["id"]),
}

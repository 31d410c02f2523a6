"""How long the pages of an account with ten million calls take on the server, in a database of its own.

Each page is asked for again and again, with the cache emptied before each time; what counts is the median, from the
request to the whole page, and of an export to its first row. Prints one line of JSON, in milliseconds; the exit code is
1 when a page takes longer than LIMIT_MS. ROWS changes how many calls there are.
"""

import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import django
import psutil

from tests.benchmarks.catalogue import databases

ROWS = int(os.environ.get("ROWS", "10000000"))
REPEATS = 7
LIMIT_MS = 300.0
PAYER, AUTHOR = "payer", "author"


def main() -> int:
    """Fills and measures; the exit code."""
    with databases(durable=False):
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", verbosity=0)
        began = time.monotonic()
        addresses, key = _fill()
        filled = round(time.monotonic() - began)
        print(f"{ROWS:,} calls after {filled} s", file=sys.stderr, flush=True)
        measured = _measure(addresses, key)
        connection.close()
    slow = {name: ms for name, ms in measured.items() if ms > LIMIT_MS}
    load = round(psutil.getloadavg()[0], 1)
    report = {"rows": ROWS, "fill_seconds": filled, **measured, "slower_than_limit": sorted(slow)}
    print(json.dumps(report | {"load_of_the_machine": load}), flush=True)
    return 1 if slow else 0


def _fill() -> tuple[dict[str, str], str]:
    """Writes everything; answers the pages that are measured, by what they show, and a key of the payer's."""
    from billing import api as billing
    from marketplace.accounts.models import User
    from marketplace.organizations.services import create_api_key
    from tests.benchmarks.usage_rows import KEYS, insert_calls
    from tests.factories.catalogue import make_algorithm
    from tests.factories.people import make_user, scope_of

    payer, author = make_user(PAYER), make_user(AUTHOR)
    organizations = [scope_of(person).organization for person in (payer, author)]
    User.objects.filter(pk=payer.pk).update(is_superuser=True)
    make_algorithm("tool0", by=author)
    made = [create_api_key(organization=organizations[0], name=f"key{number}", by=payer) for number in range(KEYS)]
    keys = [each.row for each in made]
    now = datetime.now(tz=UTC)
    passed = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / 86_400
    insert_calls(
        ROWS, payer=organizations[0].id, author=organizations[1].id, keys=[key.id for key in keys],
        members=[payer.pk, author.pk], today=now.date(), now_share=passed,
    )  # fmt: skip
    for key_id in (None, *[key.id for key in keys]):
        billing.set_budget(
            organization_id=organizations[0].id, key_id=key_id, period="month", amount=10**12, hard=True, at=now
        )
    return _list_addresses(organizations[0].id), made[0].text


def _list_addresses(payer_id: uuid.UUID) -> dict[str, str]:
    from billing.metering.models import CallRecord

    latest = CallRecord.objects.filter(payer_id=payer_id).order_by("-started_at")
    in_tree = latest.filter(parent_id__isnull=False).values_list("call_id", flat=True)[0]
    oldest = CallRecord.objects.filter(payer_id=payer_id).order_by("started_at").values_list("call_id", flat=True)[60]
    console, received = f"/console/{PAYER}", f"/console/{AUTHOR}"
    return {
        "overview": console,
        "usage": f"{console}/usage",
        "usage_last_hour": f"{console}/usage?period=hour",
        "usage_last_day": f"{console}/usage?period=day",
        "usage_by_version": f"{console}/usage?by=version",
        "usage_by_key": f"{console}/usage?by=key",
        "usage_by_member": f"{console}/usage?by=member",
        "usage_csv": f"{console}/usage.csv?by=version",
        "calls": f"{console}/calls",
        "calls_page_of_the_oldest": f"{console}/calls?before={oldest}",
        "call_in_a_tree": f"{console}/calls/{in_tree}",
        "balance": f"{console}/balance",
        "budgets": f"{console}/budgets",
        "keys": f"{console}/keys",
        "calls_by_api": f"/v1/organizations/{PAYER}/calls",
        "author_overview": received,
        "author_usage": f"{received}/usage?side=received",
        "author_calls": f"{received}/calls?side=received",
        "author_earnings": f"{received}/balance?side=earnings",
        "author_payouts": f"{received}/payouts",
        "operator_money": "/billing",
    }


def _measure(addresses: Mapping[str, str], key: str) -> dict[str, float]:
    from django.test import Client

    from marketplace.accounts.models import User

    clients = {}
    for name in (PAYER, AUTHOR):
        authorization = {"authorization": f"Simple {key}"} if name == PAYER else {}
        clients[name] = Client(headers={"host": "localhost", **authorization})
        clients[name].force_login(User.objects.get(username=name))
    return {name: _median_ms(lambda address=address: _open(clients, address)) for name, address in addresses.items()}


def _open(clients: Mapping[str, Any], address: str) -> None:
    client = clients[AUTHOR if address.startswith(f"/console/{AUTHOR}") else PAYER]
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    if answer.streaming:
        parts = iter(answer.streaming_content)
        next(parts), next(parts)  # the head, and the first row


def _median_ms(act: Callable[[], None]) -> float:
    from django.core.cache import cache

    times = []
    for _ in range(REPEATS):
        cache.clear()
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1e3)
    return round(statistics.median(times[1:]), 1)


if __name__ == "__main__":
    sys.exit(main())

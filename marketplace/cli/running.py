"""What `agora ps` and `agora top` show: the platform's picture of what runs, as tables. Pure, but for the asking."""

from collections.abc import Mapping

from rich.table import Table

from marketplace.cli.platform_client import JsonObject, Platform

MINUTE = 60
MEBIBYTE = 1 << 20
SlotName = tuple[str, int]


def look(platform: Platform, *, everything: bool) -> JsonObject:
    """What runs. Raises click.ClickException."""
    return platform.get("/v1/monitor", **({"all": "true"} if everything else {}))


def processor_times(picture: JsonObject) -> dict[SlotName, int]:
    """Microseconds that each slot has used."""
    return {(slot["node"], slot["slot"]): slot["cpu_microseconds"] for slot in picture["slots"]}


def processors_between(
    before: Mapping[SlotName, int], now: Mapping[SlotName, int], seconds: float
) -> dict[SlotName, float]:
    """How many processors each slot kept busy."""
    return {name: (used - before[name]) / 1e6 / seconds for name, used in now.items() if name in before}


def table_of_calls(
    picture: JsonObject, *, processors: Mapping[SlotName, float] | None = None, marked: int | None = None
) -> Table:
    """The calls, the oldest first; `marked` is the one that a key acts on."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in COLUMNS:
        table.add_column(name, justify=justify, no_wrap=name != "ALGORITHM", overflow="fold")
    for number, call in enumerate(picture["calls"]):
        busy = (processors or {}).get((call["node"], call["slot"]))
        table.add_row(*_row_of(call, busy), style="reverse" if number == marked else "")
    return table


def summary_of(picture: JsonObject) -> str:
    """One line: `3 calls, 1 waiting, 9 slots; vm: load 0.4 of 2, 21 GiB free`."""
    waiting = sum(queue["waiting"] for queue in picture["queues"])
    words = f"{picture['call_count']} calls, {waiting} waiting, {len(picture['slots'])} slots"
    nodes = [_describe_node(node) for node in picture["nodes"]]
    return "; ".join([words, *nodes])


COLUMNS = (
    ("CALL", "left"),
    ("ALGORITHM", "left"),
    ("CALLER", "left"),
    ("STATE", "left"),
    ("AGE", "right"),
    ("CPU", "right"),
    ("MEMORY", "right"),
)


def _row_of(call: JsonObject, processors: float | None) -> tuple[str, ...]:
    running = call["state"] == "running"
    return (
        call["call_id"],
        f"{call['algorithm']}/{call['version']}",
        f"{call['caller']} ({call['member']})",
        call["state"],
        format_age(call["age_seconds"]),
        "" if processors is None else f"{100 * processors:.0f} %",
        f"{call['memory_bytes'] / MEBIBYTE:.0f} MiB" if running else "",
    )


def format_age(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3:20`"""
    if seconds >= MINUTE:
        return f"{int(seconds) // MINUTE}:{int(seconds) % MINUTE:02}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def _describe_node(node: JsonObject) -> str:
    free = node["memory_free_bytes"] / (MEBIBYTE << 10)
    state = ", draining" if node["draining"] else ""
    return f"{node['name']}: load {node['load']:.1f} of {node['processors']}, {free:.0f} GiB free{state}"

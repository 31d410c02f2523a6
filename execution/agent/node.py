"""What an operator sees of this machine."""

import os
import socket

from execution.agent.machine_memory import CONTROL_GROUPS, MEMINFO, container_memory, parse_meminfo
from execution.protocol.agent_messages import NodeSeen, SlotSeen


def look_at_node(slots: tuple[SlotSeen, ...], *, max_slots: int, draining: bool) -> NodeSeen:
    """The machine, or the container around the agent, now."""
    machine = parse_meminfo(MEMINFO.read_text())
    memory = min((machine, *container_memory(CONTROL_GROUPS, machine.total)), key=lambda each: each.available)
    return NodeSeen(
        name=socket.gethostname(),
        processors=len(os.sched_getaffinity(0)),
        load=os.getloadavg()[0],
        memory=memory.total,
        memory_free=memory.available,
        max_slots=max_slots,
        draining=draining,
        slots=slots,
    )

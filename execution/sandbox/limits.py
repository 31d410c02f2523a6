"""Chooses how this machine limits slots."""

from execution.sandbox.cgroup1 import Cgroups1
from execution.sandbox.cgroup2 import Cgroups2
from execution.sandbox.resources import ResourceGroups
from execution.sandbox.watched import WatchedGroups


def choose_resource_groups(place: str) -> ResourceGroups:
    """The strongest kind that this process may use; `place` names the agent's part of the machine."""
    for groups in (Cgroups2(place), Cgroups1(place)):
        if groups.usable():
            return groups
    return WatchedGroups()

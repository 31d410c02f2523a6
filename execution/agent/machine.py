"""Gets this machine ready for slots, and leaves nothing of them behind."""

import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from execution.agent.identities import UID_COUNT, Identities
from execution.agent.launcher import Launcher
from execution.config import AgentConfig
from execution.environments import RUNNERS_FOLDER, Toolchain
from execution.errors import CannotIsolate, NetworkNotFiltered
from execution.machine_report import MachineReport, NetworkState, report_file
from execution.sandbox.bubblewrap import BubblewrapSandbox
from execution.sandbox.checks import check_bubblewrap, check_isolation, check_network, check_uid_range
from execution.sandbox.limits import choose_resource_groups
from execution.sandbox.plan import Sandbox, SlotPlan
from execution.sandbox.resources import ResourceGroups
from execution.sandbox.unisolated import UnisolatedSandbox

logger = logging.getLogger(__name__)

USERS = "slot:x:1000:1000:slot:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
USER_GROUPS = "slot:x:1000:\nnogroup:x:65534:\n"
UNISOLATED = (
    "ALGORITHMS RUN WITHOUT ISOLATION, as AGORA_ALLOW_UNISOLATED says: they can read and change whatever the user of "
    "this process can. {}"
)
NETWORK_REFUSED = "AGORA_ALLOW_NETWORK: versions that ask for the internet are refused here. {}"


@contextmanager
def ready_machine(config: AgentConfig) -> Iterator[Launcher]:
    """Ends what an agent that was killed left behind, and what this one leaves. Raises CannotIsolate."""
    groups = choose_resource_groups(name_place(config.home))
    groups.remove_stale()
    _make_folders(config)
    try:
        launcher, report = _choose_launcher(config, groups)
        for line in report.warnings:
            logger.warning(line)
        logger.info(next(report.lines()))
        report.write(report_file(config.home))
        yield launcher
    finally:
        report_file(config.home).unlink(missing_ok=True)
        groups.close()
        shutil.rmtree(_open_folder(config), ignore_errors=True)


def name_place(home: Path) -> str:
    """This home's part of the machine: the same after a restart, another one for another home."""
    return f"agora-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"


def _make_folders(config: AgentConfig) -> None:
    """An empty folder for slots, and what the sandbox needs."""
    for folder in (config.slots_folder, _open_folder(config)):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (config.slots_folder, config.gateway_folder, _staging(config), _accounts(config)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # whatever the umask
    for name, text in (("passwd", USERS), ("group", USER_GROUPS)):
        path = _accounts(config) / name
        path.write_text(text)
        path.chmod(0o644)


def _open_folder(config: AgentConfig) -> Path:
    """Where every user of the machine can reach, as a home need not be."""
    return Path("/run") / name_place(config.home) if os.geteuid() == 0 else config.slots_folder / "sandbox"


def _staging(config: AgentConfig) -> Path:
    return _open_folder(config) / "staging"


def _accounts(config: AgentConfig) -> Path:
    return _open_folder(config) / "accounts"


def _choose_launcher(config: AgentConfig, groups: ResourceGroups) -> tuple[Launcher, MachineReport]:
    """Raises CannotIsolate, unless the operator has said that this does not matter."""
    identities = Identities(config.first_uid, start=secrets.randbelow(UID_COUNT)) if os.geteuid() == 0 else None
    try:
        sandbox = BubblewrapSandbox(
            staging_folder=_staging(config), accounts_folder=_accounts(config), closed=config.closed_networks
        )
        probe = _check(config, sandbox, identities)
    except CannotIsolate as error:
        if not config.allow_unisolated:
            raise
        report = _report(config, groups, network="open", warnings=(UNISOLATED.format(error),))
        return Launcher(config, sandbox=UnisolatedSandbox(), groups=groups, identities=None, network=True), report
    refusal = _refuse_network(sandbox, probe) if config.allow_network else None
    network: NetworkState = "off" if not config.allow_network else "refused" if refusal else "filtered"
    report = _report(config, groups, network=network, warnings=(refusal,) if refusal else ())
    launcher = Launcher(config, sandbox=sandbox, groups=groups, identities=identities, network=network == "filtered")
    return launcher, report


def _report(
    config: AgentConfig,
    groups: ResourceGroups,
    *,
    network: NetworkState,
    warnings: tuple[str, ...],
) -> MachineReport:
    isolated = network != "open"
    return MachineReport(
        isolated=isolated,
        system_calls_filtered=isolated,
        users=(config.first_uid, config.first_uid + UID_COUNT - 1) if isolated and os.geteuid() == 0 else None,
        limits=groups.kind,
        slot_cpus=config.slot_cpus if groups.kind != "watched" else None,
        network=network,
        warnings=warnings,
    )


def _check(config: AgentConfig, sandbox: Sandbox, identities: Identities | None) -> SlotPlan:
    """A plan that works here. Raises CannotIsolate."""
    check_bubblewrap()
    plan = _probe(config)
    if identities is not None:
        check_uid_range(config.first_uid, UID_COUNT)
        uid = identities.take()
        plan = replace(plan, uid=uid)
        identities.give_back(uid)
    check_isolation(sandbox, plan)
    return plan


def _refuse_network(sandbox: Sandbox, probe: SlotPlan) -> str | None:
    """Why slots here cannot have the internet and nothing else; None when they can."""
    try:
        check_network(sandbox, probe)
    except NetworkNotFiltered as error:
        return NETWORK_REFUSED.format(error)
    return None


def _probe(config: AgentConfig) -> SlotPlan:
    """A slot that needs no language: only what every slot needs."""
    return SlotPlan(
        toolchain=Toolchain(Path("/bin/sh"), None, ""),
        command=("/bin/sh", "-c", "test -r {runner}/manifest.toml"),
        runner_folder=RUNNERS_FOLDER / "python",
        version_folder=config.slots_folder,
        gateway_folder=config.gateway_folder,
        uid=None,
        join_files=(),
        scratch_size=config.scratch_size,
        processes=config.slot_processes,
    )

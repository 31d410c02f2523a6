"""Who has which slot: serves the gateways' leases, and tells them how their slots end."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter_ns

from execution.agent.artifacts import ArtifactCache
from execution.agent.fleet import Fleet, MachineFull
from execution.agent.link import GatewayLink
from execution.agent.node import look_at_node
from execution.agent.preparation import Preparation
from execution.agent.slot import LoadFailed, Slot
from execution.agent.warm_pool import SlotKind
from execution.config import AgentConfig
from execution.errors import ArtifactDamaged, RunnerNotReady
from execution.protocol.agent_messages import (
    AlgorithmFailure,
    Clean,
    Cleaned,
    Discard,
    DoorOpened,
    Drain,
    EndWarm,
    Exited,
    Fetch,
    FromGateway,
    Lease,
    Leased,
    LeaseFailed,
    Log,
    Look,
    ReadLog,
    Recall,
    Release,
    Resume,
    Seen,
    SetDraining,
    VersionSpec,
)
from execution.signatures import find_signer

logger = logging.getLogger(__name__)

DRAIN_LOOK_SECONDS = 0.02
ReadSecrets = Callable[[str], dict[str, str]]
"""Environment variables by what VersionSpec.secrets says; may block."""


class StorageFails(Exception):
    """The artifact cannot be read now."""


@dataclass
class _Holder:
    """What one gateway has and waits for."""

    slots: dict[int, Slot] = field(default_factory=dict)
    """In the order of their leases."""
    requests: set[asyncio.Task[None]] = field(default_factory=set)


class Leases:
    """One per agent."""

    def __init__(
        self,
        config: AgentConfig,
        preparation: Preparation,
        fleet: Fleet,
        artifacts: ArtifactCache,
        read_secrets: ReadSecrets,
    ) -> None:
        self._config = config
        self._secrets = read_secrets
        self._preparation = preparation
        self._fleet = fleet
        self._artifacts = artifacts
        self._holders: dict[GatewayLink, _Holder] = {}
        self._draining = False

    def add_link(self, link: GatewayLink) -> None:
        """A gateway has connected."""
        self._holders[link] = _Holder()
        if self._draining:
            link.send(Drain())

    def lose_link(self, link: GatewayLink) -> None:
        """A gateway has gone: nobody knows in what state its slots are."""
        holder = self._holders.pop(link)
        for request in holder.requests:
            request.cancel()
        for slot in holder.slots.values():
            self._fleet.end(slot)

    def on_message(self, link: GatewayLink, message: FromGateway) -> None:
        """A gateway has said something."""
        holder = self._holders[link]
        match message:
            case Lease():
                request = asyncio.create_task(self._serve(link, holder, message))
                holder.requests.add(request)
                request.add_done_callback(holder.requests.discard)
            case Release(slot_id) | Discard(slot_id):
                slot = holder.slots.get(slot_id)
                if slot is not None:  # else it has ended meanwhile
                    self._fleet.end(slot)
            case ReadLog(request_id, slot_id, listen):
                slot = holder.slots.get(slot_id)
                link.send(Log(request_id, slot.read_log(listen=listen) if slot is not None else ""))
            case Clean(request_id, slot_id, failure):
                slot = holder.slots.get(slot_id)
                link.send(Cleaned(request_id, slot.clean(failure) if slot is not None else None))
            case Fetch(artifact) if self._artifacts.is_worth_fetching(artifact):
                fetching = asyncio.create_task(self._artifacts.fetch_ahead(artifact))
                holder.requests.add(fetching)
                fetching.add_done_callback(holder.requests.discard)
            case Look(request_id):
                node = look_at_node(self._fleet.look(), max_slots=self._config.max_slots, draining=self._draining)
                link.send(Seen(request_id, node))
            case EndWarm(slot_id):
                self._fleet.end_warm(slot_id)
            case SetDraining(draining):
                self._set_draining(draining)

    def call_in(self) -> None:
        """Asks every gateway for an idle slot; which one it gives up, if any, it knows best."""
        for link, holder in list(self._holders.items()):
            if holder.slots:
                link.send(Recall(next(iter(holder.slots))))

    def _set_draining(self, draining: bool) -> None:
        self._draining = draining
        for link in list(self._holders):
            link.send(Drain() if draining else Resume())

    async def drain(self, seconds: float) -> None:
        """Returns when the gateways have given all slots back, or after so many seconds."""
        self._set_draining(True)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(holder.slots or holder.requests for holder in self._holders.values()):  # noqa: ASYNC110 - once
                    await asyncio.sleep(DRAIN_LOOK_SECONDS)

    def close(self) -> None:
        """Hangs up on all gateways."""
        for link in list(self._holders):
            link.close()
            self.lose_link(link)

    async def _serve(self, link: GatewayLink, holder: _Holder, lease: Lease) -> None:
        began = perf_counter_ns()
        try:
            slot, descriptors = await self._specialise(lease.spec, partial(_announce_door, link, lease.request_id))
        except LoadFailed as error:
            link.send(LeaseFailed(lease.request_id, _since(began), error.failure))
        except MachineFull:
            link.send(LeaseFailed(lease.request_id, _since(began)))
        except (StorageFails, OSError) as error:
            logger.warning("A lease of %s failed: %s", lease.spec.name, error)
            link.send(LeaseFailed(lease.request_id, _since(began)))
        except Exception:  # whatever it is, the gateway waits for an answer
            logger.exception("A lease of %s failed.", lease.spec.name)
            link.send(LeaseFailed(lease.request_id, _since(began)))
        else:
            holder.slots[slot.slot_id] = slot
            leased = Leased(lease.request_id, slot.slot_id, _since(began), cold=True, usage=slot.usage_kind)
            link.send(leased, descriptors)
            slot.when_ended(partial(self._report, link, holder, slot))

    def _report(self, link: GatewayLink, holder: _Holder, slot: Slot) -> None:
        del holder.slots[slot.slot_id]
        ending = slot.ending
        assert ending is not None, "it has ended"
        link.send(Exited(slot.slot_id, ending.exit_code, ending.signal, ending.out_of_memory, ending.log_tail))

    async def _specialise(self, spec: VersionSpec, announce_door: Callable[[int], None]) -> tuple[Slot, list[int]]:
        """A slot that has loaded the version, and its descriptors; its door was announced before, if it gets one.

        Raises LoadFailed, MachineFull, StorageFails, OSError.
        """
        self._check_signature(spec)
        kind = await self._choose_kind(spec)
        files = await self._hold_artifact(spec.artifact)
        let_go = partial(self._artifacts.let_go, spec.artifact)
        try:
            slot = await self._fleet.take(kind)
        except BaseException:
            let_go()
            raise
        slot.when_ended(let_go)
        try:
            await slot.fill(files)
            if spec.calls_others:
                with suppress(OSError):  # it has no network of its own: it calls by the runner's library alone
                    announce_door(await asyncio.to_thread(slot.open_door))
            variables = await self._read_secrets(spec)
            seconds = self._config.load_timeout
            await slot.load(spec.entry, memory_bytes=spec.memory_bytes, seconds=seconds, variables=variables)
            return slot, slot.hand_over()
        except BaseException:
            self._fleet.end(slot)
            raise

    def _check_signature(self, spec: VersionSpec) -> None:
        """Raises LoadFailed for what this platform did not build."""
        keys = self._config.artifact_keys
        if keys and find_signer(spec.artifact, spec.signature, keys) is None:
            logger.error("The artifact %s of %s is not signed by a known key", spec.artifact, spec.name)
            message = "the files of this version are not those that this platform built: tell its operator"
            raise LoadFailed(AlgorithmFailure(message, "SignatureError"))

    async def _read_secrets(self, spec: VersionSpec) -> dict[str, str]:
        """Raises StorageFails."""
        if not spec.secrets:
            return {}
        try:
            return await asyncio.to_thread(self._secrets, spec.secrets)
        except Exception as error:  # a database raises whatever its client library does
            raise StorageFails(f"its secrets cannot be read: {type(error).__name__}") from error

    async def _choose_kind(self, spec: VersionSpec) -> SlotKind:
        """Which booted slot can become this version. Raises LoadFailed when none on this machine can."""
        if spec.network and not self._fleet.network:
            message = "this version needs the internet, which the operator of this platform does not give"
            raise LoadFailed(AlgorithmFailure(message, "PermissionError"))
        try:
            self._fleet.add(await self._preparation.prepare(spec.environment))
        except RunnerNotReady as error:
            raise LoadFailed(AlgorithmFailure(str(error), "EnvironmentError")) from error
        return SlotKind(spec.environment, spec.network)

    async def _hold_artifact(self, digest: str) -> Path:
        try:
            return await self._artifacts.hold(digest)
        except (ArtifactDamaged, FileNotFoundError) as error:
            logger.error("The artifact %s cannot be used: %s", digest, error)
            message = "the files of this version are damaged or missing: tell the operator of this platform"
            raise LoadFailed(AlgorithmFailure(message, "SystemError")) from error
        except Exception as error:  # a storage raises whatever its client library does
            raise StorageFails(f"{type(error).__name__}: {error}") from error


def _announce_door(link: GatewayLink, request_id: int, door: int) -> None:
    link.send(DoorOpened(request_id), [door])


def _since(began: int) -> int:
    """Whole microseconds."""
    return (perf_counter_ns() - began) // 1000

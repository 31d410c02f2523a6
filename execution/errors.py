"""What can go wrong in the kernel, by who must act.

ExecutionError
├── OperatorMustAct         the machine or its settings
│   ├── CannotIsolate       this machine cannot run strangers' code safely
│   ├── NetworkNotFiltered  this machine cannot give strangers' code the internet alone
│   ├── AgentAlreadyRunning another agent owns this AGORA_HOME
│   ├── InvalidSetting      a setting cannot be right
│   └── RunnerNotReady      a language's runner cannot be made here
├── RetryLater              nothing is wrong with the call
│   ├── Unavailable         no agent answers
│   ├── QueueFull           too many calls wait for this version
│   └── AllSlotsHeld        every slot is held by a call that waits for a call that it made
├── BuildFailed             the author: the source cannot be built
└── ArtifactDamaged         us: an artifact is not what its digest says
"""


class ExecutionError(Exception):
    """Base of everything the kernel raises on purpose."""


class OperatorMustAct(ExecutionError):
    """The message is one sentence for the operator, with the mend."""


class CannotIsolate(OperatorMustAct):
    """This machine cannot isolate a process as strangers' code needs it."""


class NetworkNotFiltered(OperatorMustAct):
    """This machine cannot give a slot the internet without its own network."""


class AgentAlreadyRunning(OperatorMustAct):
    """Another agent owns this AGORA_HOME."""


class InvalidSetting(OperatorMustAct):
    """A setting, or a runner's manifest, cannot be right."""


class RunnerNotReady(OperatorMustAct):
    """A language's runner cannot be compiled here: its toolchain, or what it downloads, is missing."""


class RetryLater(ExecutionError):
    """The same call may succeed in a moment."""


class Unavailable(RetryLater):
    """No agent answers."""


class QueueFull(RetryLater):
    """Too many calls wait for this version; `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"too many calls wait for this version, try again in {retry_after:.0f} s")
        self.retry_after = retry_after


class AllSlotsHeld(RetryLater):
    """Every slot of the machine is held by a call that waits for a call that it made: there is no room for another."""


class BuildFailed(ExecutionError):
    """The author's source cannot be built; the message is for the author."""


class ArtifactDamaged(ExecutionError):
    """An artifact's content is not what its digest says, or is not a safe archive."""

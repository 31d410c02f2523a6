"""The kernel's key rings: a process inherits its starter's session ring, which would join all slots of an agent."""

import ctypes
import platform

KEYCTL_NUMBERS = {"x86_64": 250, "aarch64": 219}
JOIN_SESSION_KEYRING = 1

_libc = ctypes.CDLL(None)


def take_new_key_ring() -> None:
    """Gives the calling thread, and what it starts from now on, an empty session ring. Does what it can."""
    number = KEYCTL_NUMBERS.get(platform.machine())
    if number is not None:
        _libc.syscall(number, JOIN_SESSION_KEYRING, None)

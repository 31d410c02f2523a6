"""The internet for a slot, and nothing else: a network of its own, which pasta carries to the outside.

pasta (Debian's package `passt`) opens each connection anew, as the slot's user, in the machine's network. What a slot
must not reach is closed inside, by rules that come before every route and that its code has no right to change.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

from execution.errors import NetworkNotFiltered

Network = IPv4Network | IPv6Network
CLOSED = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # where Azure's machines find their host
        *("::/96", "::ffff:0:0/96", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
        *("2001::/32", "2002::/16", "64:ff9b:1::/48"),  # tunnels and translators, which lead to any address of old
    )
)
"""Private networks, the machine's own, the metadata of clouds (169.254.169.254, fd00:ec2::254, ...), and groups."""
TRANSLATED = IPv6Address("64:ff9b::")
"""Below it, a translator in the machine's network reaches each IPv4 address."""
RESOLVERS = {4: "192.0.2.53", 6: "2001:db8::53"}
"""Nobody's addresses: pasta hands what is asked there to the machine's own resolver, wherever that is."""
RESOLVER_SETTINGS = Path("/etc/resolv.conf")
TUNNEL = Path("/dev/net/tun")
LOCAL_FILES = ("hosts", "nsswitch.conf")
"""Of network_files, what a slot needs that reaches nothing but itself."""
PRIORITY = 10
"""After the slot's own addresses, before all routes."""
OPTIONS = ("--foreground", "--quiet", "--config-net", "--no-map-gw")
NOTHING_INWARD = tuple(part for option in ("-t", "-u", "-T", "-U") for part in (option, "none"))
# The descriptors are what START_SCRIPT of bubblewrap.py makes of them: pasta closes all but the first three.
CLOSE_SCRIPT = """
exec 3<&1 4<"$1" >&2; shift
ip -4 -batch - <<'END'
{rules_4}
END
[ ! -d /proc/sys/net/ipv6 ] || ip -6 -batch - <<'END'
{rules_6}
END
exec "$@"
"""
OPEN_TUNNEL_SCRIPT = """
mount -t tmpfs -o mode=755,size=64k tunnel "$1"
mknod -m 666 "$1/tun" c 10 200
mount --bind "$1/tun" /dev/net/tun
shift; exec "$@"
"""


def check_network_tools() -> None:
    """Raises NetworkNotFiltered when something is missing that a slot's own network is made with."""
    for program, package in (("pasta", "passt"), ("ip", "iproute2")):
        if shutil.which(program) is None:
            raise NetworkNotFiltered(f"{program} is missing: run `apt-get install {package}`.")
    if not TUNNEL.exists():
        raise NetworkNotFiltered(f"{TUNNEL} is missing: run `modprobe tun`, or give the container that device.")


def network_command(filter_file: Path, closed: Iterable[Network]) -> list[str]:
    """The start of a command line that gives what follows it a network without `closed`."""
    rules = {4: "", 6: ""}
    for network in dict.fromkeys(closed):  # the kernel takes no rule twice
        rules[network.version] += f"rule add priority {PRIORITY} to {network} prohibit\n"
    script = CLOSE_SCRIPT.format(rules_4=rules[4], rules_6=rules[6])
    resolver = ("--dns-forward", _choose_resolver())
    # It lives as long as who starts it, and as its slot.
    start = ["setpriv", "--pdeathsig", "KILL", "--", "pasta", *OPTIONS, *resolver, *NOTHING_INWARD, "--"]
    return [*start, "sh", "-ec", script, "sh", str(filter_file)]


def tunnel_command(place: Path) -> list[str]:
    """Root's start of a command line whose slot's user may make a tunnel, on machines where only root may."""
    if TUNNEL.stat().st_mode & 0o006 == 0o006:
        return []
    unshare = ["unshare", "--mount", "--propagation", "private", "--"]
    return [*unshare, "sh", "-ec", OPEN_TUNNEL_SCRIPT, "sh", str(place)]


def list_closed(more: Iterable[Network] = ()) -> Iterator[Network]:
    """What no slot reaches: CLOSED, `more`, and the machine's addresses of this moment."""
    for network in (*CLOSED, *more, *own_addresses()):
        yield network
        if isinstance(network, IPv4Network):
            inside = int(TRANSLATED) | int(network.network_address)
            yield IPv6Network((inside, 96 + network.prefixlen))


def own_addresses() -> Iterator[Network]:
    """Each address of this machine, as a network of one."""
    for found in re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", _read("/proc/net/fib_trie")):
        yield ip_network(found)
    for line in _read("/proc/net/if_inet6").splitlines():
        yield IPv6Network(int(line.split()[0], 16))


def network_files() -> dict[str, str]:
    """What the C library reads in /etc to find names, by name."""
    return {
        "resolv.conf": f"nameserver {_choose_resolver()}\n",
        "hosts": "127.0.0.1 localhost\n::1 ip6-localhost\n",
        "nsswitch.conf": "hosts: files dns\n",
    }


def _choose_resolver() -> str:
    """Of the kind that the machine's first resolver is of, which is the one that pasta asks."""
    for line in _read(RESOLVER_SETTINGS).splitlines():
        match line.split():
            case ["nameserver", address, *_]:
                return RESOLVERS[ip_address(address.partition("%")[0]).version]
    return RESOLVERS[4]


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""

"""A front with TLS before a platform, named `api.` as `algo auth` demands; `algo clone` makes `git.` of that."""

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

NAME, GIT_NAME = "api.agora.test", "git.agora.test"
READ_SIZE = 1 << 16


@dataclass(frozen=True)
class Front:
    """Where it listens. Programs that are to know the name run behind `prefix`."""

    address: str
    authority: Path
    prefix: list[str]


@contextmanager
def tls_front(platform_address: str, folder: Path) -> Iterator[Front]:
    """A front on loopback; the name is in the hosts file of those programs alone."""
    key, certificate, hosts = folder / "key.pem", folder / "certificate.pem", folder / "hosts"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", f"subjectAltName=DNS:{NAME},DNS:{GIT_NAME}", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    hosts.write_text(f"127.0.0.1 localhost {NAME} {GIT_NAME}\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.new_event_loop()
    target = urlsplit(platform_address)
    carry = partial(_carry, host=str(target.hostname), port=target.port or 80)
    server = loop.run_until_complete(asyncio.start_server(carry, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port = server.sockets[0].getsockname()[1]
    prefix = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(hosts), "/etc/hosts", "--"]
    try:
        yield Front(f"https://{NAME}:{port}", certificate, prefix)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
    inner_reader, inner_writer = await asyncio.open_connection(host, port)
    await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await reader.read(READ_SIZE):
            writer.write(data)
            await writer.drain()
    writer.close()

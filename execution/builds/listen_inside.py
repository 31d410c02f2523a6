"""A program that listens in the network of where it runs, hands that socket to whom it finds at its standard input, and
becomes the command line that it is given, to which the socket is a proxy.

    python -I -S listen_inside.py COMMAND…    # {port} in it becomes the port
"""

import os
import socket
import sys

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


def main(command: list[str]) -> None:
    """Does not return. Raises OSError."""
    with socket.socket(fileno=0) as outside, socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        socket.send_fds(outside, [b"\0"], [listener.fileno()])
    os.open(os.devnull, os.O_RDONLY)  # the lowest number that is free: standard input
    os.environ |= dict.fromkeys(VARIABLES, f"http://127.0.0.1:{port}")
    os.execvp(command[0], [part.replace("{port}", port) for part in command])  # noqa: S606 - what a program is for


if __name__ == "__main__":
    main(sys.argv[1:])

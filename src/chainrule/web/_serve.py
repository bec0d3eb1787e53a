"""Serving the page: the address, the key to it, and the browser that opens it."""

from __future__ import annotations

import ipaddress
import socket
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from threading import Thread

from ..errors import ArgumentError, MissingExtraError
from ..runs import TableOptions
from ._names import has_port
from ._state import State

PORT = 8765


@dataclass(frozen=True)
class Address:
    """Where the page is.

    url     for the browser, with the key
    remote  whether other machines can reach it
    """

    host: str
    port: int
    url: str
    remote: bool


def serve(
    data: str = "mnist",
    *,
    port: int = PORT,
    host: str = "127.0.0.1",
    allow_remote: Sequence[str] = (),
    folder: str | Path = "runs",
    options: TableOptions | None = None,
    language: str | None = None,
    open_browser: bool = True,
    announce: Callable[[Address], None] = lambda address: print(address.url),
) -> State:
    """Serve the page until Ctrl-C.

    data          "mnist", a folder of IDX files, an .npz file, or a table
    port          0 for any that is free
    host          the address of this machine to listen at
    allow_remote  names under which other machines may open the page, each as NAME or NAME:PORT
    folder        where the runs that are started on the page are put
    options       of a table: its target above all
    language      of the page, "en" or "ko"; None leaves it to the browser
    announce      called when the page can be opened
    returns       what the page was about, its last run included
    raises        MissingExtraError without the extra ``web``; ArgumentError for an address that cannot be had, and for
                  one that other machines can reach when `allow_remote` is empty
    """
    try:
        from ._guard import door
        from ._server import Server
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("starlette", "uvicorn"):
            raise
        raise MissingExtraError.for_extra("web", package, "the page") from None
    state = State(data, Path(folder), language, options)
    if data != "mnist" or options is not None:
        _ = state.data  # what is wrong with it is said here and now
    listener = _listener(host, port, bool(allow_remote))
    with listener:
        token = token_urlsafe(24)
        address = _address(listener, token, allow_remote)
        announce(address)  # the socket listens already, so whoever comes now is answered a moment later
        if open_browser:
            # A browser that is started from a terminal may hold its caller until it is closed.
            Thread(target=webbrowser.open, args=(address.url,), daemon=True).start()
        Server(state, door(address.port, token, allow_remote)).run_until_signal(listener)
    return state


def _listener(host: str, port: int, remote_is_allowed: bool) -> socket.socket:
    """A socket that listens.

    raises   ArgumentError when the address is none of this machine, taken, or open to others without permission
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise ArgumentError(
            f"there is no address {host!r}", fix="leave --host out for this machine"
        ) from None
    if not (remote_is_allowed or ipaddress.ip_address(str(where[0]).partition("%")[0]).is_loopback):
        raise ArgumentError(
            f"other machines could reach the page at {host}, and they are not allowed to",
            fix="leave --host out, or add --allow-remote NAME, the name under which they reach this machine",
        )
    # asyncio switches TCP_NODELAY on only for sockets of this protocol; without it, every POST takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if socket.has_ipv6 and family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _share_after_a_crash(listener)
        listener.bind(where)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ArgumentError(
            f"port {port} of {host} cannot be had: {_reason(error)}",
            fix="stop what uses it, or take another: --port 0 for any that is free",
        ) from None
    return listener


def _share_after_a_crash(listener: socket.socket) -> None:
    """Let a port be taken again at once after its server has ended. On Windows this would share it with a live one."""
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    if exclusive is not None:
        listener.setsockopt(socket.SOL_SOCKET, exclusive, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _address(listener: socket.socket, token: str, names: Sequence[str]) -> Address:
    host, port = listener.getsockname()[:2]
    ip = ipaddress.ip_address(host.partition("%")[0])
    if ip.is_loopback:
        name = f"[{host}]" if ip.version == 6 else host
    else:
        name = names[0]
    place = name if has_port(name) else f"{name}:{port}"
    scheme = (
        "https" if place.endswith(":443") else "http"
    )  # there must be a server with a certificate in front
    return Address(host, port, f"{scheme}://{place}/?token={token}", remote=not ip.is_loopback)

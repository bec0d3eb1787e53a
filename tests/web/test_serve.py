"""Serving: addresses that cannot be had, the key, quick answers, and an end that comes at once."""

from __future__ import annotations

import errno
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from chainrule.cli import main
from chainrule.errors import ArgumentError, DataError, MissingExtraError
from chainrule.web import serve
from chainrule.web._serve import _address, _listener

END = b"event: end\ndata: []\n\n"


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """``chainrule web`` in a process of its own."""
    line = [sys.executable, "-m", "chainrule", "web", "--port", "0", "--no-browser", "--folder", str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen([*line, *arguments], stdout=pipe, stderr=pipe, encoding="utf-8")


@contextmanager
def command(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict]]:
    """``chainrule web`` in a process of its own, and what it says of itself."""
    process = started(folder, "--json", *arguments)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


class Browser(AbstractContextManager["Browser"]):
    """One connection that is kept, as a browser does, with the key."""

    def __init__(self, facts: dict) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", facts["port"], timeout=20)
        cookie = f"chainrule-{facts['port']}={facts['url'].partition('token=')[2]}"
        self.headers = {"Cookie": cookie, "Content-Type": "application/json"}

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def ask(self, method: str, path: str, body: object = None) -> dict:
        sent = None if body is None else json.dumps(body)
        self.connection.request(method, path, sent, self.headers)
        answer = self.connection.getresponse()
        return json.loads(answer.read())

    def open_stream(self) -> http.client.HTTPResponse:
        self.connection.request("GET", "/api/run/stream?since=0", headers=self.headers)
        return self.connection.getresponse()


def pictures(folder: Path) -> str:
    rng = np.random.default_rng(0)
    x, t = rng.integers(0, 256, (3000, 8, 8), np.uint8), rng.integers(0, 3, 3000)
    np.savez(folder / "pictures.npz", x_train=x, t_train=t, x_test=x[:100], t_test=t[:100])
    return str(folder / "pictures.npz")


# Where to listen


def test_a_port_that_is_taken_is_said_and_nothing_is_left_behind():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ArgumentError) as error:
            serve("mnist", port=port, open_browser=False)
    assert (
        error.value.what == f"port {port} of 127.0.0.1 cannot be had: {os.strerror(errno.EADDRINUSE).lower()}"
    )
    assert error.value.fix == "stop what uses it, or take another: --port 0 for any that is free"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_must_be_allowed_by_name(host):
    with pytest.raises(ArgumentError) as error:
        _listener(host, 0, remote_is_allowed=False)
    assert error.value.what == f"other machines could reach the page at {host}, and they are not allowed to"
    assert "--allow-remote NAME" in error.value.fix


@pytest.mark.parametrize("host", ["nowhere.invalid", "256.1.1.1", "a b", "", "ü" * 80])
def test_an_address_that_is_none_is_said(host):
    with pytest.raises(ArgumentError):
        _listener(host, 0, remote_is_allowed=False).close()


def test_an_address_of_another_machine_cannot_be_had():
    with pytest.raises(ArgumentError, match="cannot be had"):
        _listener("192.0.2.1", 0, remote_is_allowed=True)


@pytest.mark.parametrize(
    ("host", "names", "begins"),
    [("127.0.0.1", [], "http://127.0.0.1:{}/?token=key"), ("localhost", [], "http://127.0.0.1:{}/?token=key"),
     ("0.0.0.0", ["lab7"], "http://lab7:{}/?token=key"), ("0.0.0.0", ["lab7:443"], "https://lab7:443/?token=key")],
)  # fmt: skip
def test_the_address_is_one_that_the_browser_can_open(host, names, begins):
    with _listener(host, 0, remote_is_allowed=bool(names)) as listener:
        address = _address(listener, "key", names)
        assert address.url == begins.format(listener.getsockname()[1])
        assert address.remote == bool(names)


def test_version_six_of_the_loopback_is_this_machine_too():
    try:
        listener = _listener("::1", 0, remote_is_allowed=False)
    except ArgumentError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert _address(listener, "key", []).url == f"http://[::1]:{listener.getsockname()[1]}/?token=key"


def test_the_socket_is_one_on_which_answers_are_sent_at_once():
    """With any other protocol number asyncio leaves TCP_NODELAY off."""
    with _listener("127.0.0.1", 0, remote_is_allowed=False) as listener:
        assert listener.proto == socket.IPPROTO_TCP


# The command


def test_data_that_are_not_there_are_said_before_anything_is_served(tmp_path):
    with pytest.raises(DataError, match="there is no data set"):
        serve(str(tmp_path / "nothing"), port=0, open_browser=False)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    for module in [name for name in sys.modules if name.partition(".")[0] in ("starlette", "uvicorn")]:
        monkeypatch.delitem(sys.modules, module)
    for module in ("_guard", "_server", "_app"):
        monkeypatch.delitem(sys.modules, f"chainrule.web.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(MissingExtraError) as error:
        serve("mnist", port=0, open_browser=False)
    assert error.value.what == "the page needs the package starlette, which is not installed"
    assert error.value.fix == "pip install 'chainrule[web]'"


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5", "٣", ""])
def test_a_port_is_a_number_that_can_be_one(port, capsys):
    assert main(["web", "--port", port]) == 2
    assert capsys.readouterr().err == (
        f"chainrule web: argument --port: must be a whole number from 0 to 65535; it is {port!r}\n"
    )


def test_an_open_address_is_refused_at_the_command_line(capsys):
    assert main(["web", "--host", "0.0.0.0", "--no-browser"]) == 2
    assert capsys.readouterr().err.startswith("chainrule: other machines could reach the page at 0.0.0.0")


def test_the_help_shows_examples(capsys):
    assert main(["web", "--help"]) == 0
    out = capsys.readouterr().out
    assert "chainrule web --host 0.0.0.0 --allow-remote lab7.example.org" in out


def test_it_says_where_it_is_to_a_person_and_ends_well(tmp_path):
    process = started(tmp_path, "--allow-remote", "lab7", "--host", "0.0.0.0")
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("http://lab7:")
    port = int(first.partition("/?")[0].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 421")  # so it listens to signals too
    process.send_signal(signal.SIGINT)
    out = process.stdout.read()  # of which some may have come with the first line
    _, err = process.communicate(timeout=10)
    assert out == f"  data  mnist\n  runs  {tmp_path}\n  stop  Ctrl-C\n"
    assert err.startswith("note: other machines can reach this page")
    assert process.returncode == 0


def test_the_browser_is_sent_to_the_page(tmp_path, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    server: list[object] = []
    monkeypatch.setattr(
        "chainrule.web._server.Server.run_until_signal", lambda self, listener: server.append(self)
    )
    announced = []
    serve("mnist", port=0, folder=tmp_path, announce=announced.append)
    for _ in range(100):
        if opened:
            break
        time.sleep(0.01)
    assert opened == [announced[0].url]
    serve("mnist", port=0, folder=tmp_path, open_browser=False, announce=announced.append)
    time.sleep(0.05)
    assert len(opened) == 1
    assert announced[0].url.partition("token=")[2] != announced[1].url.partition("token=")[2]


def test_the_command_line_loads_what_serves_only_when_it_serves():
    code = (
        "import sys, chainrule.cli, chainrule.web; print({'starlette', 'uvicorn', 'anyio'} & {*sys.modules})"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8").stdout
        == "set()\n"
    )


# Speed and end


def test_an_answer_takes_no_forty_milliseconds(tmp_path):
    """What a POST takes when Nagle's algorithm waits for a delayed acknowledgement."""
    times = []
    with command(tmp_path) as (_, facts), Browser(facts) as browser:
        for _ in range(30):
            start = time.perf_counter()
            assert browser.ask("POST", "/api/run/pause", {"id": "x"})["error"]["code"] == "run_none"
            times.append(time.perf_counter() - start)
    assert sorted(times)[15] < 0.02, times


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_a_second_while_streams_are_open_and_a_network_learns(tmp_path, number, capsys):
    settings = {"hidden": [30], "epochs": 1000, "engine": "eager", "batch_size": 10}
    with ExitStack() as opened:
        process, facts = opened.enter_context(command(tmp_path / "runs", pictures(tmp_path)))
        browser = opened.enter_context(Browser(facts))
        run = browser.ask("POST", "/api/run/start", {"settings": settings})
        streams = [opened.enter_context(opened.enter_context(Browser(facts)).open_stream()) for _ in range(6)]
        until(lambda: browser.ask("GET", "/api/run")["step"] > 50)
        start = time.perf_counter()
        process.send_signal(number)
        ends = [stream.read()[-len(END) :] for stream in streams]
        process.wait(10)
        seconds = time.perf_counter() - start
        said = process.communicate()
    assert (process.returncode, *said) == (0, "", "")
    assert ends == [END] * 6
    assert seconds < 2.0  # one second, and another for a machine that has much else to do
    assert main(["train", "--resume", "--out", run["folder"], "--target-accuracy", "0.01"]) == 0
    assert "resumed after step" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal")
def test_a_killed_server_loses_no_checkpoint(tmp_path, capsys):
    settings = {"hidden": [5], "epochs": 1000, "engine": "eager"}
    with command(tmp_path / "runs", pictures(tmp_path)) as (process, facts), Browser(facts) as browser:
        run = browser.ask("POST", "/api/run/start", {"settings": settings})
        until(lambda: browser.ask("GET", "/api/run")["epoch"] > 3)
        process.kill()
        process.wait(10)
    assert main(["train", "--resume", "--out", run["folder"], "--target-accuracy", "0.01"]) == 0
    assert "resumed after step" in capsys.readouterr().out


def test_it_can_be_served_beside_other_threads(tmp_path):
    """Not only from the main thread, where signals arrive."""
    from chainrule.web._guard import door
    from chainrule.web._server import Server
    from chainrule.web._state import State

    with _listener("127.0.0.1", 0, remote_is_allowed=False) as listener:
        port = listener.getsockname()[1]
        server = Server(State("mnist", tmp_path), door(port, "key"))
        thread = threading.Thread(target=server.run_until_signal, args=(listener,))
        thread.start()
        with Browser({"port": port, "url": "token=key"}) as browser:
            assert browser.ask("GET", "/api/run")["status"] == "none"
        server.should_exit = True
        thread.join(5)
    assert not thread.is_alive()

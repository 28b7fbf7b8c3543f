"""An HTTP service that a box can reach, in threads of this process, and that can be told to fail."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from wsgiref.types import StartResponse, WSGIEnvironment

from moto.core.request import Request
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

_RESET_WHEN_CLOSED = struct.pack("ii", 1, 0)
"""SO_LINGER, on, for 0 s."""


@dataclass(frozen=True)
class Seen:
    """A request that came in, the status of its answer, None when it got none, and the clock's time at that."""

    method: str
    path: str
    status: int | None
    at: float


@dataclass
class _Failure:
    answer: Callable[[Request], Response]
    paths: str
    times: int | None

    def applies(self, request: Request) -> bool:
        """Whether this request fails; it counts."""
        if self.times == 0 or not fnmatchcase(request.path, self.paths):
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Service(ABC):
    """One service.

    In what makes it fail, ``paths`` is a pattern as in `fnmatch`, for the path of the URL, and ``times`` is how many
    requests fail: all, until `heal`, when it is None. The failure that was set last outweighs those before.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._failures: list[_Failure] = []
        self._healed = threading.Event()
        self._lock = threading.Lock()

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """What the service answers when nothing is wrong."""

    @abstractmethod
    def refusal(self, status: int) -> Response:
        """What it answers when it refuses, with 403, or is overloaded, with 503."""

    def deny(self, paths: str = "*", *, times: int | None = None) -> None:
        """Answer 403."""
        self._fail(lambda _: self.refusal(403), paths, times)

    def unavailable(self, paths: str = "*", *, times: int | None = None) -> None:
        """Answer 503."""
        self._fail(lambda _: self.refusal(503), paths, times)

    def reset(self, paths: str = "*", *, times: int | None = None) -> None:
        """Reset the connection in place of an answer."""
        self._fail(_reset_connection, paths, times)

    def hang(self, paths: str = "*", *, times: int | None = None) -> None:
        """Take the request and say nothing, until `heal`; then the connection is reset."""
        self._fail(self._hang, paths, times)

    def heal(self) -> None:
        """Nothing fails any more."""
        with self._lock:
            self._failures.clear()
            healed, self._healed = self._healed, threading.Event()
        healed.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, as WSGI has it."""
        request = Request(environ)
        request.get_data()  # An answer before the end of the body would reset the connection.
        status = None
        try:
            response = self._answer_for(request)(request)
            status = response.status_code
        finally:
            self.seen.append(Seen(request.method, request.path, status, time.time()))
        return response(environ, start_response)

    def _answer_for(self, request: Request) -> Callable[[Request], Response]:
        with self._lock:
            return next((each.answer for each in reversed(self._failures) if each.applies(request)), self.answer)

    def _fail(self, answer: Callable[[Request], Response], paths: str, times: int | None) -> None:
        with self._lock:
            self._failures.append(_Failure(answer, paths, times))

    def _hang(self, request: Request) -> Response:
        self._healed.wait()
        return _reset_connection(request)


def _reset_connection(request: Request) -> Response:
    """Nothing is sent but the reset: the file descriptor is put out of the server's hands before it says good-bye."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_WHEN_CLOSED)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, connection.fileno())
    os.close(nowhere)
    raise ConnectionResetError("as the test asked for")


class _Handler(WSGIRequestHandler):
    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:  # noqa: ARG002
        """Expect no further request on a connection that was reset."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@contextmanager
def served(service: Service, listener: socket.socket) -> Generator[None]:
    """The service answers on a socket that listens; the socket is closed in the end."""
    host, port = listener.getsockname()
    with listener:
        server = make_server(host, port, service, threaded=True, request_handler=_Handler, fd=listener.fileno())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            service.heal()
            server.shutdown()
            server.server_close()
            thread.join()

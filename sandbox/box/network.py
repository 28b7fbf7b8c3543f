"""The network of a box: a namespace with the addresses of its services, and nothing else."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.box.root import Root

METADATA_ADDRESS = "169.254.169.254"
STORE_ADDRESS = "192.0.2.1"
"""Of a block that is set aside for examples; the AWS CLI of the root has it as its endpoint."""
_CLONE_NEWNET = 0x4000_0000


@dataclass(frozen=True)
class Network:
    """``path`` names the namespace, which goes with its last process and file descriptor; the sockets listen in it."""

    path: str
    metadata: socket.socket
    store: socket.socket


@contextmanager
def network(root: Root) -> Generator[Network]:
    """A new one. A thread of its own enters it, so that this process stays where it is.

    Raises:
        OSError: when there can be no namespace.
    """
    opened: list[int] = []
    sockets: list[socket.socket] = []
    failures: list[Exception] = []

    def enter() -> None:
        try:
            _unshare()
            opened.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
            _configure(root)
            sockets.extend(socket.create_server((address, 80)) for address in (METADATA_ADDRESS, STORE_ADDRESS))
        except (OSError, subprocess.SubprocessError) as error:
            failures.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    try:
        if failures:
            raise OSError(f"no network for a box: {failures[0]}") from failures[0]
        yield Network(f"/proc/{os.getpid()}/fd/{opened[0]}", *sockets)
    finally:
        for each in sockets:
            each.close()
        for descriptor in opened:
            os.close(descriptor)


def _unshare() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _configure(root: Root) -> None:
    settings = "link set lo up", *(f"address add {each}/32 dev lo" for each in (METADATA_ADDRESS, STORE_ADDRESS))
    for setting in settings:
        command = [*root.program("ip"), *setting.split()]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603

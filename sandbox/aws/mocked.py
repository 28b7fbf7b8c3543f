"""moto, without what it does again and again and nobody here looks at."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

from moto import mock_aws
from moto.core.utils import method_names_from_class


@contextmanager
def mocked_aws() -> Generator[None]:
    """AWS in this process, from here on; what Lambda's functions do is up to the caller.

    moto gives each of EC2's backends hundreds of machine images, which takes as long as twenty of its requests, and
    looks through all that a class has at each request.
    """
    with (
        patch.dict(os.environ, {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}),
        patch("moto.core.responses.method_names_from_class", _method_names),
        mock_aws(config={"lambda": {"use_docker": False}}),
    ):
        yield


@cache
def _method_names(of_class: type) -> list[str]:
    return method_names_from_class(of_class)

"""Where the packages of a box come from."""

from __future__ import annotations

import pytest

from sandbox.box.get_root import GetRootError, debian_sources

TARGETS = """\
Debian|main|Packages|bookworm|http://mirror.example/debian/
Debian|main|DEP-11|bookworm|http://mirror.example/debian/
Debian|contrib|Packages|bookworm|http://mirror.example/debian/
Debian|main|Packages|bookworm-updates|http://mirror.example/debian/
Debian|main|Packages|bookworm-security|http://mirror.example/security/
Vendor|main|Packages|stable|http://vendor.example/apt/
"""


def test_packages_come_from_the_mirrors_of_debian_that_apt_knows() -> None:
    suite, lines = debian_sources(TARGETS)
    assert suite == "bookworm"
    assert lines == [
        "deb http://mirror.example/debian/ bookworm main",
        "deb http://mirror.example/debian/ bookworm-updates main",
        "deb http://mirror.example/security/ bookworm-security main",
    ]


@pytest.mark.parametrize("targets", ["", "Ubuntu|main|Packages|noble|http://mirror.example/ubuntu/\n"])
def test_without_a_mirror_of_debian_there_is_no_box(targets: str) -> None:
    with pytest.raises(GetRootError, match="apt-get update"):
        debian_sources(targets)

"""What the training needs of other services is there before it starts."""

from __future__ import annotations

from sandbox.box.waiting import wait_until

from .product import product_box

DOCKER = """
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash -c 'sleep 4; echo docker is there >>/root/events; sync'
"""
WANTED_AT_BOOT = "[Unit]\nWants=docker.service\n"
FILES = {
    "/etc/systemd/system/docker.service": DOCKER,
    "/etc/systemd/system/multi-user.target.d/docker.conf": WANTED_AT_BOOT,
}
IN_ORDER = ["docker is there", "training"]


def test_a_docker_that_takes_its_time_is_there_when_the_training_starts_at_every_boot() -> None:
    with product_box("echo training >>/root/events; sleep 600", files=FILES) as box:

        def events() -> list[str]:
            return box.run("cat /root/events").stdout.splitlines()

        box.boot()
        wait_until(lambda: "training" in events(), 30, "start of the training")
        assert events() == IN_ORDER
        box.reboot()
        wait_until(lambda: events().count("training") == 2, 30, "second start of the training")
        assert events() == IN_ORDER * 2

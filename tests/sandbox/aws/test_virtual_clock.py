from __future__ import annotations

import time
from datetime import timedelta

from sandbox.aws.virtual_clock import virtual_time
from sandbox.sandbox import START


def test_sleeping_moves_the_time_and_lets_happen_what_is_due_meanwhile() -> None:
    seen: list[object] = []
    with virtual_time(START) as clock:
        clock.at(START + timedelta(seconds=30), lambda: seen.append(clock.now()))
        clock.at(START + timedelta(seconds=90), lambda: seen.append("too late"))
        time.sleep(60)
        assert clock.now() == START + timedelta(seconds=60)
    assert seen == [START + timedelta(seconds=30)]


def test_what_is_due_at_the_same_moment_happens_in_the_order_in_which_it_was_asked_for() -> None:
    seen: list[int] = []
    with virtual_time(START) as clock:
        for number in range(3):
            clock.at(START + timedelta(seconds=1), lambda number=number: seen.append(number))
        clock.run_until(START + timedelta(seconds=1))
    assert seen == [0, 1, 2]


def test_a_sleep_within_something_that_happens_does_not_turn_time_back() -> None:
    with virtual_time(START) as clock:
        clock.at(START + timedelta(seconds=1), lambda: time.sleep(100))
        clock.run_until(START + timedelta(seconds=2))
        assert clock.now() == START + timedelta(seconds=101)

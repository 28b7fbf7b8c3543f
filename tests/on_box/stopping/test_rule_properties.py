"""What holds for every tree of processes and every course of a stop."""

from __future__ import annotations

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from runctl_component.box.runner.stopping.processes import Process
from runctl_component.box.runner.stopping.program_names import is_shell, is_wrapper
from runctl_component.box.runner.stopping.shutdown_rule import Waves, next_wave

from .trees import KEYBOARD, ROOT, TERM, WORKER, mask, shell

TIMEOUT = 20.0
many = profile(max_examples=150, derandomize=True, deadline=None, database=None)
names = st.sampled_from(["python3", "bash", "timeout", "tee", "wandb-core"])
pipes = st.sampled_from(["", "", "pipe:[1]", "pipe:[2]"])


@st.composite
def trees(draw: st.DrawFn) -> list[Process]:
    """Below the root, or orphans; numbered in the order of their birth."""
    living = [shell(writes=frozenset(filter(None, [draw(pipes)])))]
    for pid in range(ROOT + 1, ROOT + 1 + draw(st.integers(0, 8))):
        name = draw(names)
        born = Process(
            pid,
            parent=draw(st.sampled_from([1, *(each.pid for each in living)])),
            session=ROOT,
            start=pid,
            name=name,
            executable=name,
            ignored=mask(draw(st.sampled_from([frozenset(), frozenset(), KEYBOARD]))),
            caught=mask(draw(st.sampled_from([frozenset(), TERM, WORKER]))),
            reads_pipe=draw(pipes),
            writes_pipes=frozenset(filter(None, [draw(pipes)])),
        )
        living.append(born)
    return living


class Course:
    """Ticks of a second, at each of which some have gone; what was signalled then, before the last call and at it."""

    def __init__(self, living: list[Process], data: st.DataObject) -> None:
        self.living = {process.pid: process for process in living}
        self.signalled: list[int] = []
        self.waves = Waves()
        self._data = data

    def tick(self, seconds: float) -> list[Process]:
        """Who is signalled at that time; afterwards some end."""
        chosen, self.waves = next_wave(list(self.living.values()), ROOT, self.waves, seconds, TIMEOUT)
        return chosen

    def settle(self, chosen: list[Process]) -> None:
        """Some of those that were signalled end; their children become orphans."""
        self.signalled += [process.pid for process in chosen]
        ending = self._data.draw(st.sets(st.sampled_from(self.signalled))) if self.signalled else set[int]()
        self.living = {
            pid: process._replace(parent=1) if process.parent in ending else process
            for pid, process in self.living.items()
            if pid not in ending
        }

    def above(self, process: Process) -> list[Process]:
        parent = self.living.get(process.parent)
        return [parent, *self.above(parent)] if parent else []


@many
@given(trees(), st.data())
def test_nobody_is_signalled_twice(living: list[Process], data: st.DataObject) -> None:
    course = Course(living, data)
    for second in range(20):
        course.settle(course.tick(second))
    assert len(course.signalled) == len(set(course.signalled))


@many
@given(trees(), st.data())
def test_below_a_signalled_program_nobody_is_signalled_before_the_last_call(
    living: list[Process], data: st.DataObject
) -> None:
    course = Course(living, data)
    for second in range(10):
        chosen = course.tick(second)
        waiting_for = {*course.signalled, *(process.pid for process in chosen)}
        for process in chosen:
            signalled_above = [above for above in course.above(process) if above.pid in waiting_for]
            assert all(is_shell(above) for above in signalled_above)
        course.settle(chosen)


@many
@given(trees(), st.data())
def test_after_the_last_call_whoever_could_save_has_been_asked_to(living: list[Process], data: st.DataObject) -> None:
    course = Course(living, data)
    for second in range(10):
        course.settle(course.tick(second))
    asked = {*course.signalled, *(process.pid for process in course.tick(10))}
    for process in course.living.values():
        if process.caught == mask(TERM) and not is_wrapper(process):
            assert process.pid in asked


@many
@given(trees(), st.data())
def test_no_wrapper_and_no_shell_without_a_trap_is_ever_signalled(living: list[Process], data: st.DataObject) -> None:
    course = Course(living, data)
    for second in range(20):
        chosen = course.tick(second)
        assert not any(is_wrapper(process) or (is_shell(process) and not process.caught) for process in chosen)
        course.settle(chosen)

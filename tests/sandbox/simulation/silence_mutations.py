"""Ways in which the monitor could be wrong about a box that reports, or never does."""

from __future__ import annotations

from datetime import timedelta

from monitor_runtime import check
from monitor_runtime.contract import memory
from monitor_runtime.decide import sign_of_life
from monitor_runtime.decide.observation import SignOfLife
from monitor_runtime.observe import observe

from .mutation import Mutation
from .patches import ever_reported, forgetful_of_the_box, nothing, replaced, wrapped

SILENCE_MUTATIONS = (
    Mutation("a silent box is not told", replaced(check, "tell_silence", nothing), "a_silent_box_is_told"),
    Mutation(
        "a box that reported in an earlier launch needs not report again",
        replaced(SignOfLife, "is_of", ever_reported),
        "a_silent_box_is_told",
        300,
    ),
    Mutation(
        "a silent box is told at each check",
        wrapped(memory.Memory, "of", forgetful_of_the_box),
        "a_box_is_told_once",
    ),
    Mutation(
        "a box has no time to report",
        replaced(sign_of_life, "REPORT_DELAY", timedelta(0)),
        "a_box_that_reports_is_not_told",
    ),
    Mutation(
        "what is only started again runs on",
        replaced(sign_of_life, "STARTED_AGAIN", timedelta(days=9)),
        "a_finished_box_is_stopped_again",
        300,
    ),
    Mutation(
        "what is only started again has no time",
        replaced(sign_of_life, "STARTED_AGAIN", timedelta(0)),
        "every_ending_has_a_cause",
        300,
    ),
    Mutation(
        "a report is not looked for",
        replaced(observe, "find_sign_of_life", lambda *_: SignOfLife()),
        "a_box_that_reports_is_not_told",
    ),
)

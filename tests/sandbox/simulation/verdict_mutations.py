"""Ways in which the monitor could take a completion, or an ending, for another than it is."""

from __future__ import annotations

from datetime import timedelta

from monitor_runtime import check
from monitor_runtime.act import carry_out, recording
from monitor_runtime.contract import deadline, memory
from monitor_runtime.decide import completed, completion, decide, ended, unmet
from monitor_runtime.observe import markers, observe, uploads

from .mutation import Mutation
from .patches import (
    both,
    climbing,
    counted_anew,
    dated_late,
    noted_unless_gone,
    nothing,
    noticed_ever,
    only_the_first,
    only_the_newest,
    replaced,
    uncounted,
    understood,
    unless_gone,
    unread,
    unreported,
    unverified,
    wrapped,
)

VERDICT_MUTATIONS = (
    Mutation(
        "an ending is dated by when it is written down",
        wrapped(carry_out, "outcome_tags", dated_late),
        "an_ending_is_told_once",
    ),
    Mutation(
        "nothing is verified",
        replaced(completed, "verification_gap", lambda *_: None),
        "no_upload_is_lost",
    ),
    Mutation(
        "a part that is missing is not missed",
        replaced(unmet, "_missing_part", nothing),
        "every_ending_has_a_cause",
        500,
    ),
    Mutation("the body of a marker is not read", replaced(markers, "parse_body", unread), "the_outcome_is_true", 300),
    Mutation(
        "of several markers only the first is read",
        wrapped(observe, "read_markers", only_the_first),
        "the_outcome_is_true",
        1000,
    ),
    Mutation(
        "of several uploads only the newest is looked into",
        wrapped(uploads, "_not_superseded", only_the_newest),
        "grace_is_given_in_full",
        1000,
    ),
    Mutation(
        "a body that is not understood is believed",
        wrapped(markers, "parse_body", understood),
        "the_outcome_is_true",
        300,
    ),
    Mutation(
        "an upload that gets parts is not waited for",
        replaced(completed, "last_movement", nothing),
        "grace_is_given_in_full",
        1000,
    ),
    Mutation(
        "what cannot be stopped is terminated though unverified",
        wrapped(carry_out, "end_instance", climbing),
        "endings_are_as_declared",
        1000,
    ),
    Mutation(
        "the deadline does not look",
        replaced(decide, "complete_at_deadline", nothing),
        "the_outcome_is_true",
        1000,
    ),
    Mutation(
        "what was complete before the deadline is waited for as long as it takes",
        replaced(deadline, "LAST_LOOK", timedelta(days=1000)),
        "a_check_ends_what_is_due",
        1000,
    ),
    Mutation(
        "grace begins anew with each upload of the marker",
        wrapped(completion, "counted", counted_anew),
        "a_check_ends_what_is_due",
        600,
    ),
    Mutation(
        "a marker that is gone is kept in mind",
        replaced(recording, "_note", noted_unless_gone),
        "grace_is_given_in_full",
        1500,
    ),
    Mutation(
        "what an earlier launch noticed is remembered",
        wrapped(memory.Memory, "of", noticed_ever),
        "only_what_was_there_is_gone",
        500,
    ),
    Mutation(
        "nobody is told that a marker is gone",
        wrapped(check, "notice", unless_gone),
        "a_marker_that_is_gone_is_told",
        500,
    ),
    Mutation(
        "a refusal is never asked for again",
        replaced(memory, "ASKED_AGAIN", timedelta(days=1000)),
        "a_refusal_is_asked_for_again",
        300,
    ),
    Mutation(
        "what was reported is reported again",
        wrapped(memory.Memory, "of", unreported),
        "an_ending_is_told_once",
        300,
    ),
    Mutation(
        "a large output counts from when its upload began",
        replaced(completion, "counted", uncounted),
        "grace_is_given_in_full",
        400,
    ),
    Mutation(
        "what ended by itself is believed unverified",
        replaced(ended, "verdict", unverified),
        "the_recorded_outcome_is_true",
        1500,
    ),
    Mutation(
        "what is stuck is left alone",
        replaced(ended, "STUCK_AFTER", timedelta(days=1000)),
        "a_stuck_stop_is_forced",
    ),
    Mutation(
        "a stop without a time is never noted",
        replaced(check, "note_first_seen", nothing),
        "a_stuck_stop_is_forced",
        1500,
    ),
    Mutation(
        "every stop is forced",
        both(replaced(ended, "STUCK_AFTER", timedelta(0)), replaced(ended, "SHUTDOWN_MARGIN", timedelta(days=-1))),
        "force_is_for_what_is_stuck",
    ),
    Mutation(
        "a stop is forced after ten minutes whatever the training may take",
        replaced(ended, "SHUTDOWN_MARGIN", timedelta(days=-1)),
        "force_is_for_what_is_stuck",
        1000,
    ),
)

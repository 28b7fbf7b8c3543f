"""Ways in which the monitor could be wrong: each replaces one function of it."""

from __future__ import annotations

from datetime import timedelta

from monitor_runtime import check, dispatch
from monitor_runtime.act import carry_out, deadline_switch, ending, follow_up, signalling
from monitor_runtime.cloud.interface import CommandState
from monitor_runtime.contract import memory
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.decide import (
    case,
    completed,
    completion,
    decide,
    idle,
    next_check,
    stalled,
    unmet,
)
from monitor_runtime.observe import listing, observe, progress
from sandbox.simulation.world.simulated_cloud import SimulatedCloud

from .guard_mutations import GUARD_MUTATIONS
from .meanwhile_mutations import MEANWHILE_MUTATIONS
from .mutation import Mutation
from .patches import (
    all_of_them,
    always,
    both,
    ever,
    first_only,
    hourly_earlier,
    hourly_later,
    in_five_seconds,
    known,
    look_alike,
    looked_for_soon,
    misread,
    no_digest,
    none_under_way,
    nothing,
    patient,
    replaced,
    restamped,
    stalled_if_unknown,
    terminated,
    unguarded,
    unmoved,
    unnotified,
    unreleased,
    unwarned,
    wait_past_the_deadline,
    waited_for_soon,
    without_request,
    without_warm_up,
    wrapped,
)
from .silence_mutations import SILENCE_MUTATIONS
from .verdict_mutations import VERDICT_MUTATIONS

MUTATIONS = (
    Mutation("grace is ignored", misread(grace_seconds=0), "grace_is_given_in_full"),
    Mutation(
        "a marker of an earlier launch counts",
        both(replaced(completion, "fresh", all_of_them), replaced(unmet, "fresh", all_of_them)),
        "every_ending_has_a_cause",
    ),
    Mutation(
        "a look-alike counts as a marker",
        replaced(unmet, "matches", look_alike),
        "every_ending_has_a_cause",
    ),
    Mutation(
        "the deadline is an hour late",
        wrapped(case, "deadline", hourly_later),
        "a_check_ends_what_is_due",
    ),
    Mutation(
        "the deadline is an hour early",
        wrapped(case, "deadline", hourly_earlier),
        "every_ending_has_a_cause",
    ),
    Mutation(
        "what S3 does not tell counts as not there",
        wrapped(observe, "find_objects", known),
        "the_recorded_outcome_is_true",
        1000,
    ),
    Mutation(
        "what lies behind a full page is not looked for",
        replaced(listing._Looks, "_behind", lambda *_: list[str]()),  # pyright: ignore[reportPrivateUsage]
        "a_check_ends_what_is_due",
        300,
    ),
    Mutation(
        "a download counts as idleness",
        wrapped(idle, "is_idle", without_warm_up),
        "every_ending_has_a_cause",
        400,
    ),
    Mutation(
        "a metric without data is not told", replaced(check, "metric_problem", nothing), "a_metric_without_data_is_told"
    ),
    Mutation(
        "what is unknown counts as a stall",
        wrapped(observe, "find_progress", stalled_if_unknown),
        "every_ending_has_a_cause",
        1000,
    ),
    Mutation(
        "an upload under way is no progress",
        replaced(progress, "_uploading", none_under_way),
        "every_ending_has_a_cause",
        600,
    ),
    Mutation(
        "a large checkpoint counts from when its upload began",
        replaced(stalled, "multipart_digest", no_digest),
        "every_ending_has_a_cause",
        1000,
    ),
    Mutation(
        "the moment at which it will have stalled is not planned for",
        replaced(decide, "stalls_at", nothing),
        "a_stalled_run_is_ended_in_time",
        1500,
    ),
    Mutation("a hold is ignored", replaced(memory, "_read_hold", lambda *_: memory.Hold()), "holds_are_respected"),
    Mutation(
        "no follow-up is scheduled",
        replaced(follow_up, "follow_up", nothing),
        "a_finished_run_is_ended_in_time",
        300,
    ),
    Mutation(
        "the outcome of an earlier launch is believed",
        replaced(memory, "_since_launch", ever),
        "an_ended_run_is_settled_by_the_next_check",
        1500,
    ),
    Mutation(
        "the end of a released instance is told",
        wrapped(memory.Memory, "of", unreleased),
        "a_removed_instance_is_no_news",
        500,
    ),
    Mutation(
        "a switch is armed for what is being removed",
        replaced(memory, "REMOVAL", timedelta(0)),
        "nothing_is_made_for_what_is_being_removed",
        500,
    ),
    Mutation(
        "a released instance that lives on is never armed again",
        replaced(memory, "REMOVAL", timedelta(days=1000)),
        "the_switch_is_armed",
        1000,
    ),
    Mutation(
        "only the first instance of a run is looked at",
        wrapped(check, "find_run", first_only),
        "a_check_ends_what_is_due",
        500,
    ),
    Mutation("the deadline switch is never armed", replaced(check, "arm", nothing), "the_switch_is_armed"),
    Mutation(
        "the deadline switch is left behind",
        replaced(carry_out, "_disarmed", lambda *_: {}),
        "an_ended_run_is_settled_by_the_next_check",
    ),
    Mutation(
        "the switch is set for the deadline of the first launch",
        replaced(deadline_switch, "switch_time", unmoved),
        "the_switch_is_armed",
    ),
    Mutation(
        "an ending is told again and again",
        wrapped(memory.Memory, "of", unnotified),
        "an_ending_is_told_once",
    ),
    Mutation(
        "an object counts as written when it is seen",
        wrapped(SimulatedCloud, "list_folder", restamped),
        "a_check_ends_what_is_due",
    ),
    Mutation(
        "neither it nor the switch knows a deadline",
        both(replaced(case, "deadline", nothing), replaced(check, "arm", nothing)),
        "nothing_runs_past_its_deadline",
    ),
    Mutation(
        "waiting goes on past the deadline",
        both(*(replaced(module, "wait", wait_past_the_deadline) for module in (case, completed, decide))),
        "the_monitor_is_there_at_the_deadline",
        300,
    ),
    Mutation(
        "a hold does not move the switch",
        replaced(deadline_switch, "switch_time", unmoved),
        "the_switch_spares_what_may_run",
        300,
    ),
    Mutation(
        "follow-ups come when the grace is over, and not before",
        replaced(next_check, "LEAD", timedelta(0)),
        "a_noticed_completion_is_ended_at_once",
        300,
    ),
    Mutation(
        "an interruption is not recorded", replaced(carry_out, "interrupt", nothing), "an_interruption_is_recorded"
    ),
    Mutation(
        "a spot training is not warned",
        wrapped(carry_out, "interrupt", unwarned),
        "a_warning_reaches_the_training",
        300,
    ),
    Mutation(
        "it terminates instead of stopping", wrapped(carry_out, "end_instance", terminated), "endings_are_as_declared"
    ),
    Mutation(
        "a spot request is not cancelled",
        wrapped(ending, "_terminate", without_request),
        "a_persistent_request_launches_nothing_unwatched",
    ),
    Mutation(
        "the training is not signalled",
        replaced(carry_out, "_signal", lambda *_: None),
        "a_signalled_training_gets_its_time",
    ),
    Mutation(
        "a signalled training is not waited for",
        replaced(signalling, "_await_command", lambda *_: CommandState.RUNNING),
        "a_signalled_training_gets_its_time",
    ),
    Mutation(
        "a report stops the instance",
        misread(on_complete=Action.STOP, on_failure=Action.STOP, on_deadline=Action.STOP, terminate_after_days=None),
        "endings_are_as_declared",
    ),
    Mutation("a refusal is asked for ever", replaced(memory, "MAX_REFUSALS", 10**6), "a_refusal_is_not_asked_for_ever"),
    Mutation("failure markers are not known", misread(failure_markers=()), "a_check_ends_what_is_due"),
    Mutation(
        "a stopped instance is terminated at once", misread(terminate_after_days=0.001), "a_stopped_instance_is_kept"
    ),
    Mutation(
        "the backoff never grows",
        replaced(case, "next_due", in_five_seconds),
        "calls_are_bounded",
    ),
    Mutation(
        "an instance that cannot be seen is looked for again soon",
        wrapped(check, "_rechecks", looked_for_soon),
        "what_is_unknown_is_left_to_the_heartbeat",
    ),
    Mutation(
        "a source that fails is asked again soon",
        both(replaced(completed, "wait_for", waited_for_soon), replaced(decide, "wait_for", waited_for_soon)),
        "what_is_unknown_is_left_to_the_heartbeat",
    ),
    Mutation(
        "an event waits for the end of grace",
        wrapped(dispatch, "check", patient),
        "an_event_waits_for_nothing",
    ),
    Mutation(
        "an ended run is looked at in full",
        replaced(observe, "_objects_matter", always),
        "an_ended_run_costs_one_call",
    ),
    Mutation(
        "an error of AWS goes through",
        replaced(observe, "ask", unguarded),
        "only_declared_errors_come_out",
    ),
    *VERDICT_MUTATIONS,
    *GUARD_MUTATIONS,
    *MEANWHILE_MUTATIONS,
    *SILENCE_MUTATIONS,
)

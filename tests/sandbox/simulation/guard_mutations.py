"""Ways in which the first check and the audit could be wrong."""

from __future__ import annotations

from datetime import timedelta

from monitor_runtime import audit, check
from monitor_runtime.act import rights, telling
from monitor_runtime.act.deadline_switch import Repair
from monitor_runtime.decide import audit as audit_findings

from .mutation import Mutation
from .patches import (
    both,
    none_lost,
    nothing,
    replaced,
    tried_in_vain,
    untroubled,
    wrapped,
)

GUARD_MUTATIONS = (
    Mutation(
        "the first check tries nothing",
        replaced(rights, "steps", lambda *_: ()),
        "a_first_check_tries_what_ends_the_run",
    ),
    Mutation(
        "nobody is told that the run is watched",
        replaced(telling, "tell_watched", lambda *_: ()),
        "a_first_check_tries_what_ends_the_run",
    ),
    Mutation(
        "what a dry run denies passes the first check",
        replaced(rights, "_try_out", tried_in_vain),
        "a_first_check_fails_where_a_right_is_denied",
        500,
    ),
    Mutation(
        "an audit proves no rights",
        replaced(audit.Audit, "_prove_rights", nothing),
        "an_audit_tells_that_an_ending_is_denied",
        500,
    ),
    Mutation(
        "an audit looks at no switch",
        replaced(audit_findings, "_switch", lambda *_: ()),
        "an_audit_tells_what_was_taken_away",
        300,
    ),
    Mutation(
        "an audit tells and does nothing",
        replaced(audit.Audit, "_put_switch_right", lambda *_: Repair.FAILED),
        "an_audit_arms_the_switch_again",
        300,
    ),
    Mutation(
        "a switch that is there is believed",
        replaced(audit, "RECENT", timedelta(days=-1)),
        "an_audit_tells_what_was_taken_away",
        1000,
    ),
    Mutation(
        "an audit does not tell what it could not see",
        wrapped(audit.Audit, "_tell", untroubled),
        "an_audit_says_what_it_could_not_see",
    ),
    Mutation(
        "lost tags are not looked for",
        replaced(audit_findings, "lost_tags", lambda *_: ()),
        "an_audit_tells_what_was_taken_away",
        500,
    ),
    Mutation(
        "a run without a heartbeat is left alone",
        replaced(audit.Audit, "_declared", nothing),
        "an_audit_checks_the_run_whose_heartbeat_is_disabled",
        500,
    ),
    Mutation(
        "a check takes what it cannot find for what is not there",
        both(
            replaced(check, "look_for_lost", lambda *_: ()),
            replaced(check, "split_lost", none_lost),
        ),
        "a_check_tells_that_its_instance_lost_its_tags",
        500,
    ),
)

"""What a reviewer should see of a command: what no runner can see when it runs, but everybody can read before."""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_DETACHED = r"\s(?:-[a-zA-Z]{0,3}d[a-zA-Z]{0,3}|--detach)\b"
_OPTIONS = r"[^\n;|&]*"
_WITHOUT_VALUE = r"--(?:rm|init|interactive|tty|privileged|read-only|publish-all|quiet|no-healthcheck)|-[itPq]+"
_BEFORE_THE_IMAGE = (
    rf"(?:\s+(?:(?:{_WITHOUT_VALUE})(?=\s)|-[\w-]+=\S+"
    rf"""|(?!(?:{_WITHOUT_VALUE}|-[itPq]*d[itPq]*|--detach)\s)-[\w-]+\s+(?:"[^"]*"|'[^']*'|[^-\s]\S*)))*"""
)
"""The options of ``docker run``: what comes after the image is the container's own command."""
_HANDED_OVER = (
    (
        re.compile(rf"\bdocker\s+(?:container\s+)?run\b{_BEFORE_THE_IMAGE}\s*{_DETACHED}"),
        "docker run -d",
        "docker wait",
    ),
    (re.compile(rf"\bdocker[ -]compose\b{_OPTIONS}\bup\b{_OPTIONS}{_DETACHED}"), "docker compose up -d", "--wait"),
    (re.compile(rf"\bsbatch\b(?!{_OPTIONS}\s(?:--wait|-W)\b)"), "sbatch", "sbatch --wait"),
    (re.compile(r"\bsystemctl\s+(?:start|restart)\b"), "systemctl start", "systemd-run --wait"),
    (re.compile(rf"\bsystemd-run\b(?!{_OPTIONS}--(?:wait|scope|pipe|pty))"), "systemd-run", "systemd-run --wait"),
    (re.compile(r"\bkubectl\s+(?:apply|create)\b"), "kubectl apply", "kubectl wait"),
)
"""What gives the work to a service, how that is shown, and what waits for it."""
_ENDS_THE_INSTANCE = re.compile(
    rf"(?<![\w.-])(?:aws\b{_OPTIONS}\sec2\s+(?:stop|terminate)-instances"
    r"|poweroff|halt|reboot|shutdown(?:[ \t]+(?!-c\b)[^\s;&|]+|(?=[ \t]*(?:[\n;&|]|\Z)))|init[ \t]+0)(?![\w.-])"
)
"""As a word of its own, and not as an option or a part of a file's name."""
_NOT_WAITED_FOR = r"(?s:(?!.*\b(?:wait|fg)\b))"
_IN_THE_BACKGROUND = (
    (re.compile(rf"(?<![&>|<])&\s*(?:\Z|\n|;|\)){_NOT_WAITED_FOR}"), "&", "write wait $! at the end"),
    (re.compile(rf"\btmux\s+new(?:-session)?\b{_OPTIONS}\s-d\b{_NOT_WAITED_FOR}"), "tmux", "leave tmux out"),
    (re.compile(rf"\bscreen\s{_OPTIONS}-d(?:m|\s+-m){_NOT_WAITED_FOR}"), "screen", "leave screen out"),
)
"""What outlives the command, how that is shown, and what to write."""


def command_warnings(command: str) -> Iterator[str]:
    """Sentences on work that the run would not wait for, and on a command that ends the instance itself."""
    script = _COMMENT.sub("", command).replace("\\\n", " ")
    for pattern, shown, waits in _HANDED_OVER:
        if pattern.search(script) and waits not in script:
            yield (
                f"the command has {shown}, which hands work to a service and returns: the run counts as succeeded as"
                f" soon as the command ends, unless it waits, for example with {waits}"
            )
    for pattern, shown, fix in _IN_THE_BACKGROUND:
        if pattern.search(script):
            yield (
                f"the command leaves something in the background with {shown}, and does not wait for it: if that is the"
                f" training, the run lasts until it ends, but a failure is not noticed; {fix}"
            )
    ending = _ENDS_THE_INSTANCE.search(script)
    if ending:
        yield (
            f"the command has {' '.join(ending[0].split())}: the monitor ends the instance, after the grace period; a"
            " command that does it itself may do it before its outputs are safe, and counts as failed where it may not"
        )

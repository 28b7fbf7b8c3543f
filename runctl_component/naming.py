"""Names that are known before anything exists."""

import pulumi


def monitor_tag(name: str) -> str:
    """The value of the tag ``runctl:monitor``: no other monitor of the account has it, in whatever stack.

    It depends on the program alone, so permissions and tags that refer to it are known at preview.
    """
    return f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}"

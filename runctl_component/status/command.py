"""The command line."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer
from rich.console import Console

from runctl_component.status.aws import Aws
from runctl_component.status.document import to_document
from runctl_component.status.reader import read_all
from runctl_component.status.scope import Scope, ScopeError
from runctl_component.status.statuses import statuses
from runctl_component.status.table import report
from runctl_component.status.values import NothingReadableError

MIN_WATCH_SECONDS = 10

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def status(
    monitor: Annotated[str, typer.Option(help="Only this monitor: PROJECT/STACK/NAME.")] = "",
    stack: Annotated[str, typer.Option(help="Only the monitors of a stack, PROJECT/STACK, or of a PROJECT.")] = "",
    region: Annotated[str, typer.Option(help="AWS region; by default, that of the profile or of AWS_REGION.")] = "",
    profile: Annotated[str, typer.Option(help="Profile of the AWS configuration; by default, AWS_PROFILE.")] = "",
    watch: Annotated[
        int | None,
        typer.Option(metavar="SECONDS", help=f"Look again after so many seconds, {MIN_WATCH_SECONDS} or more."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document: see docs/status.md.")] = False,
) -> None:
    """Show which training runs there are, in which state each is, and how it ended. Changes nothing."""
    scope = _checked(monitor, stack, watch, as_json=as_json)
    # This very stream: it may have been replaced since rich was imported.
    console = Console(highlight=False)
    try:
        aws = Aws(profile, region)
        if as_json:
            read = read_all(aws, scope)
            typer.echo(json.dumps(to_document(read, statuses(read)), indent=2))
            return
        _show(aws, scope, console)
        while watch:
            time.sleep(watch)
            console.clear()
            _show(aws, scope, console)
    except NothingReadableError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit from None


def _checked(monitor: str, stack: str, watch: int | None, *, as_json: bool) -> Scope:
    if as_json and watch is not None:
        raise typer.BadParameter("got --watch too; accepted: one of them", param_hint="--json")
    if watch is not None and watch < MIN_WATCH_SECONDS:
        raise typer.BadParameter(f"got {watch}; accepted: {MIN_WATCH_SECONDS} seconds or more", param_hint="--watch")
    try:
        return Scope.of(monitor, stack)
    except ScopeError as error:
        raise typer.BadParameter(str(error), param_hint=error.option) from None


def _show(aws: Aws, scope: Scope, console: Console) -> None:
    read = read_all(aws, scope)
    console.print(report(read, statuses(read)))

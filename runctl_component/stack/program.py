"""The stack program: every run that the stack's config declares becomes a `TrainingRun`."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pulumi
from pulumi.runtime.config import is_config_secret

from monitor_runtime.contract.rules import Problem
from runctl_component.args.declared import MonitorArgs, TrainingRunArgs
from runctl_component.errors import InvalidArgs, RunctlError
from runctl_component.monitor.monitor import Monitor
from runctl_component.monitor.naming import monitor_tag
from runctl_component.stack.checks import check_declared_monitor, check_places, check_runs, check_sharing
from runctl_component.stack.shared_monitor import shared_monitor_args
from runctl_component.training_run.locations import OUTPUTS
from runctl_component.training_run.training_run import TrainingRun

SHARED_MONITOR = "runs"
"""One name, however many runs there are: none of them, as they come and go, changes who watches the others."""
SECRET_IN_CONFIG = ("command", "environment", "user_data")
"""What of a run may hold a secret of the config; the other args decide what there is, and stay readable."""

NO_RUNS = """\
no runs are declared. Add one to the config of this stack, for example:

config:
  {project}:runs:
    llama-ft:
      bucket: my-training-outputs
      instance_type: g5.xlarge
      ami: /aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id
      code: training
      command: /opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI
"""

_OF_THE_MONITOR = ("handle",)
"""All runs of a stack have the same."""
_FIX = "write it like the example in the README"


def declare_runs(config: pulumi.Config) -> dict[str, dict[str, pulumi.Output[Any]]]:
    """Create what the config declares; returns what to export of each run, by its name.

    Raises:
        RunctlError: when no runs are declared.
        InvalidArgs: with everything that is wrong in the config, each problem with its path, and nothing created.
    """
    runs = _object(config, "runs")
    if not runs:
        raise RunctlError(NO_RUNS.format(project=config.name))
    declared = _object(config, "monitor") or {}
    problems = list(_problems(config.name, runs, declared))
    secret = is_config_secret(f"{config.name}:runs")
    if problems:
        raise InvalidArgs("stack config", [problem.without_value() for problem in problems] if secret else problems)
    monitor = _shared_monitor(runs, declared)
    return {
        name: _exports(
            TrainingRun(name, cast("TrainingRunArgs", _kept_secret(args) if secret else args), monitor=monitor)
        )
        for name, args in runs.items()
    }


def _shared_monitor(runs: Mapping[str, Any], declared: Mapping[str, Any]) -> Monitor:
    args = shared_monitor_args(SHARED_MONITOR, monitor_tag(SHARED_MONITOR), runs, declared)
    return Monitor(SHARED_MONITOR, cast("MonitorArgs", args))


def _problems(project: str, runs: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[Problem]:
    tag = monitor_tag(SHARED_MONITOR)
    alone = [*check_runs(project, runs, tag), *check_declared_monitor(project, SHARED_MONITOR, declared)]
    yield from alone
    if not alone:
        yield from check_places(project, runs)
        yield from check_sharing(project, SHARED_MONITOR, tag, runs, declared)


def _kept_secret(args: Mapping[str, Any]) -> dict[str, Any]:
    """One secret makes a whole config value secret, wherever in it it is: these arguments are taken to hold it."""
    return {
        field: pulumi.Output.secret(value) if field in SECRET_IN_CONFIG and value is not None else value
        for field, value in args.items()
    }


def _object(config: pulumi.Config, key: str) -> dict[str, Any] | None:
    path = f"{config.name}:{key}"
    try:
        value: object = config.get_object(key)
    except pulumi.ConfigTypeError:
        # Its message would show all of the text, a secret too.
        problem = Problem(path, found="a text that is not JSON", accepted="an object", fix=_FIX)
        raise InvalidArgs("stack config", [problem]) from None
    if value is not None and not isinstance(value, dict):
        problem = Problem(path, got=value, accepted="an object", fix=_FIX)
        raise InvalidArgs("stack config", [problem.without_value() if is_config_secret(path) else problem])
    return cast("dict[str, Any] | None", value)


def _exports(run: TrainingRun) -> dict[str, pulumi.Output[Any]]:
    return {output: getattr(run, output) for output in OUTPUTS if output not in _OF_THE_MONITOR}

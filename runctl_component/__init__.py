"""Training runs on EC2 that end themselves, as Pulumi components."""

from runctl_component.args.declared import IdleArgs, MonitorArgs, StalledArgs, TrainingRunArgs, WatchArgs
from runctl_component.errors import InvalidArgs, NotWatchedError, RunctlError
from runctl_component.monitor.monitor import Monitor
from runctl_component.training_run.training_run import TrainingRun

__version__ = "0.1.0"

__all__ = [
    "IdleArgs",
    "InvalidArgs",
    "Monitor",
    "MonitorArgs",
    "NotWatchedError",
    "RunctlError",
    "StalledArgs",
    "TrainingRun",
    "TrainingRunArgs",
    "WatchArgs",
    "__version__",
]

"""How busy the GPUs are, as a metric of the instance: EC2 publishes none."""

from __future__ import annotations

import subprocess
import threading

from ..machine.aws_cli import AwsCli
from ..machine.files import say_on_console
from ..machine.metadata import known

NAMESPACE, METRIC = "RunctlInstance", "GPUUtilization"
MEASURED = "gpu"
"""The value of the tag that asks for it."""
_TAG = "tags/instance/runctl:measure"
_SAMPLE_SECONDS = 10.0
_SAMPLES = 6
"""A metric a minute, of which the monitor takes the maximum of five."""
_CALL_SECONDS = 30
_QUERY = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]


class GpuUse:
    """Measured from `begin` to `finish`, while a tag of the instance asks for it."""

    def __init__(self, aws: AwsCli) -> None:
        self._aws = aws
        self._said: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._every_minute, daemon=True)

    def begin(self) -> None:
        """Look from now on."""
        self._thread.start()

    def finish(self) -> None:
        """Publish no more."""
        self._over.set()

    def _every_minute(self) -> None:
        while not self._over.is_set():
            asked = known(_TAG) == MEASURED
            samples: list[int] = []
            for _ in range(_SAMPLES):
                samples += self._sample() if asked else []
                if self._over.wait(_SAMPLE_SECONDS):
                    return
            if samples:
                self._publish(max(samples))

    def _sample(self) -> list[int]:
        """Percent of the last moment in which each GPU was busy."""
        try:
            done = subprocess.run(_QUERY, capture_output=True, text=True, check=False, timeout=_CALL_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            self._say(f"the GPUs are not measured: {error}")
            return []
        busy = [int(line) for line in done.stdout.split("\n") if line.strip().isdigit()]
        if not busy:
            self._say(f"the GPUs are not measured: nvidia-smi: {(done.stderr or done.stdout).strip()[:200]}")
        return busy

    def _publish(self, percent: int) -> None:
        place = ["--namespace", NAMESPACE, "--metric-name", METRIC]
        value = ["--unit", "Percent", "--value", str(percent)]
        instance = ["--dimensions", f"InstanceId={known('instance-id')}"]
        reason = self._aws.call(["cloudwatch", "put-metric-data", *place, *value, *instance], _CALL_SECONDS).reason
        if reason:
            self._say(f"the use of the GPUs is not published: {reason}")

    def _say(self, text: str) -> None:
        """Once: it would be every minute."""
        if text not in self._said:
            self._said.add(text)
            say_on_console(text)

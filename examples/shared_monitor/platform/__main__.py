"""The monitor of all teams. What they need of it is its handle."""

import pulumi

from runctl_component import Monitor

bucket = pulumi.Config().require("bucket")
pulumi.export("monitor", Monitor("shared", {"watch": [{"bucket": bucket}]}).handle)

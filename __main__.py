"""The stack program: its config says which runs there are."""

import pulumi

from runctl_component.stack.program import declare_runs

for name, outputs in declare_runs(pulumi.Config()).items():
    pulumi.export(name, outputs)

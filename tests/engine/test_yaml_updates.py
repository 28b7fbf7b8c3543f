"""Programs in YAML on the real engine, from the first preview to the end, and the example."""

from __future__ import annotations

from pathlib import Path

from sandbox.aws.boto import client
from sandbox.engine.cli import ROOT
from tests.engine.deployed import BUCKET, left_in_the_cloud, said, touched
from tests.engine.yaml_programs import TEAM, yaml_program

PACKAGE = "packages:\n  runctl: github.com/your-organization/runctl-pulumi.git/provider@0.1.0\n"


def test_an_update_does_what_its_preview_has_shown_and_destroy_leaves_nothing(tmp_path: Path) -> None:
    with yaml_program(tmp_path, TEAM) as stack:
        assert {operation for operation, _ in touched(stack.engine.preview())} == {"create"}
        assert left_in_the_cloud() == {}
        stack.engine.up()
        assert touched(stack.engine.up({**stack.engine.config, "graceSeconds": 900})) == {("update", "Schedule")}
        assert said(stack.engine.preview()) == []
        stack.engine.destroy()
        assert left_in_the_cloud() == {}


def test_the_example_launches_the_training_with_its_code(tmp_path: Path) -> None:
    example = (ROOT / "examples/languages/yaml/Pulumi.yaml").read_text(encoding="utf-8")
    program = tmp_path / "Pulumi.yaml"
    assert PACKAGE in example
    # The plugin is not fetched, but attached.
    own = example.replace(PACKAGE, "").replace("my-training-outputs", BUCKET)
    program.write_text(own, encoding="utf-8")
    with yaml_program(tmp_path / "engine", program) as stack:
        (stack.engine.program / "training").symlink_to(ROOT / "examples/quickstart/training")
        run = stack.engine.up()
        assert run.diagnostics == ()
        assert set(run.outputs) == {"plan"}
        keys = [each["Key"] for each in client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]]
        assert [key for key in keys if key.startswith("quickstart/demo/llama-ft/runctl/code")]

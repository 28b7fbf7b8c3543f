// A monitor, a run that is given its handle, and one with a monitor of its own.
import * as runctl from "@your-organization/runctl";

const monitor = new runctl.Monitor("trainings", {
    watch: [{ bucket: "runctl-demo-outputs", prefix: "runs" }],
});
const run = new runctl.TrainingRun("first", {
    bucket: "runctl-demo-outputs",
    prefix: "runs/first",
    command: "python train.py",
    graceSeconds: Number(process.env.GRACE_SECONDS ?? "300"),
    onFailure: runctl.types.enums.Ending.Report,
    monitor: monitor.handle,
});
const alone = new runctl.TrainingRun("alone", {
    bucket: "runctl-demo-outputs",
    prefix: "alone",
    command: "python train.py",
});
export const instances = [run.instanceId, alone.instanceId];
export const layers = run.plan.deadlineLayers;

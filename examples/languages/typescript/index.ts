// A training run that ends itself.
import * as runctl from "@your-organization/runctl";

const run = new runctl.TrainingRun("llama-ft", {
    bucket: "my-training-outputs",
    instanceType: "g5.xlarge",
    ami: "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id",
    code: "training", // a folder beside this program, with train.py
    secrets: { WANDB_API_KEY: "arn:aws:secretsmanager:us-east-1:123456789012:secret:wandb-AbCdEf" },
    command: "/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI",
});
export const plan = run.plan;

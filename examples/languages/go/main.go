// A training run that ends itself.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/your-organization/runctl-pulumi/sdk/go/runctl"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		run, err := runctl.NewTrainingRun(ctx, "llama-ft", &runctl.TrainingRunArgs{
			Bucket:       pulumi.String("my-training-outputs"),
			InstanceType: pulumi.String("g5.xlarge"),
			Ami:          pulumi.String("/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id"),
			Code:         pulumi.StringRef("training"), // a folder beside this program, with train.py
			Secrets:      pulumi.StringMap{"WANDB_API_KEY": pulumi.String("arn:aws:secretsmanager:us-east-1:123456789012:secret:wandb-AbCdEf")},
			Command:      pulumi.String("/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI"),
		})
		if err != nil {
			return err
		}
		ctx.Export("plan", run.Plan)
		return nil
	})
}

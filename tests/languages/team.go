// Two runs under one monitor: lists of types, words for values, and the fields of outputs.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/your-organization/runctl-pulumi/sdk/go/runctl"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		monitor, err := runctl.NewMonitor(ctx, "trainings", &runctl.MonitorArgs{
			Watch: runctl.WatchArray{
				runctl.WatchArgs{Bucket: pulumi.String("outputs"), Prefix: pulumi.String("runs")},
			},
		})
		if err != nil {
			return err
		}
		run, err := runctl.NewTrainingRun(ctx, "first", &runctl.TrainingRunArgs{
			Bucket:     pulumi.String("outputs"),
			Command:    pulumi.String("python train.py"),
			Monitor:    monitor.Handle,
			Spot:       pulumi.StringRef(string(runctl.SpotOneTime)),
			OnComplete: runctl.EndingTerminate,
			Markers:    pulumi.StringArray{pulumi.String("done")},
			Idle: runctl.IdleArgs{
				Metric:    pulumi.String("gpu"),
				Threshold: pulumi.Float64(5),
				Minutes:   pulumi.Int(30),
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("thenEverySeconds", run.Plan.ThenEverySeconds())
		ctx.Export("total", run.Plan.MonitorDollarsPerDay().Total())
		return nil
	})
}

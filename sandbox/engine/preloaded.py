"""What every program loads, loaded once for all runs of real engines: other people's packages, and none of ours."""

import pulumi.automation
import pulumi_aws

# Those of the SDK's packages that programs here use; each is loaded when something of it is asked for.
LOADED = (
    pulumi.automation,
    pulumi_aws.cloudwatch.MetricAlarm,
    pulumi_aws.ec2.Instance,
    pulumi_aws.iam.Role,
    pulumi_aws.lambda_.Function,
    pulumi_aws.s3.Bucket,
    pulumi_aws.scheduler.Schedule,
    pulumi_aws.sns.Topic,
    pulumi_aws.sqs.Queue,
    pulumi_aws.ssm.get_parameter,
)

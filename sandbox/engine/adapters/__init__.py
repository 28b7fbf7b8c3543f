"""From Pulumi's resource types to moto: what the AWS provider does with each, done through boto3."""

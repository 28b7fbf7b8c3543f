"""Pulumi engines for the sandbox, and the AWS provider they use, in moto."""

"""A machine for the box: systemd, cloud-init and the AWS CLI in a container, with the services that they see."""

"""What is put on the instance: user data, the runner, the tags it reads."""

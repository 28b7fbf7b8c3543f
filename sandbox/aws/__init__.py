"""AWS in this process: moto, and what moto lacks or does otherwise, in virtual time."""

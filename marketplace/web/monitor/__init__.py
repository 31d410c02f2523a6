"""What runs now: for operators everything, for organizations their own."""

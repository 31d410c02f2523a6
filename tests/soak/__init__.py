"""`make soak`: mixed load with crashes for a quarter of an hour, and then nothing may be left over."""

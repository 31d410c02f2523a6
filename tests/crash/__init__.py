"""`make crash`: kills processes under load, and counts every call."""

"""Pages of people who are signed in, under /console/<organization>."""

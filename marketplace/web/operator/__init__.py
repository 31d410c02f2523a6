"""Pages of those who run the platform, under /billing. To everybody else they are not there."""

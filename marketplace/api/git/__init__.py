"""Git over HTTP, at /git/owner/name.git: git's own http-backend, with our keys in front of it."""

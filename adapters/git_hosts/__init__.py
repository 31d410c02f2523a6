"""GitHub and GitLab: what they send."""

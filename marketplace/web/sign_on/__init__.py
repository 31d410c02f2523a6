"""Single sign-on: allauth speaks with the providers, and asks the rooms below whom to let in."""

"""`make builds`: real projects, from source to answer, in every language that has one here."""

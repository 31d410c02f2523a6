"""Where authors work in the browser: begin an algorithm, edit its files, commit, and see what became of it."""

"""`python -m marketplace.cli`: the `agora` command, for a start without the script that installing it makes."""

from marketplace.cli.main import main

main(prog_name="agora")

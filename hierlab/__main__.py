"""`python -m hierlab`: the command line."""

from hierlab.cli import main

main()

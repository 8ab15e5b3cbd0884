"""`python -m node` is `idnode`."""

from node.cli import main

main()

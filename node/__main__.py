"""`python -m node` is `idnode`."""

from idnode.node.cli import main

main()

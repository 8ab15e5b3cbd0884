"""The commands of `idnode`, one module each; `node/cli.py` loads only the one that is asked for."""

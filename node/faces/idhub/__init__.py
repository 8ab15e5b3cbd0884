"""The API of the IDHub enterprise node, which applications of enterprises program against (idhub-api.md)."""

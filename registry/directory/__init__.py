"""Names who owns what: accounts, enterprises, prefixes, files and templates, in a relational database."""

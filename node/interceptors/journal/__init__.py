"""The journal: which requests came, what was answered, and why one was refused."""

"""The directory query of the national level, IIIDAP."""

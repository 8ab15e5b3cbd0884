"""The catalogue of rules: for each refusal, what was expected, what came, and how to do it right."""

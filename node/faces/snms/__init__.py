"""The secondary-node OpenAPI of SNMS, v3 and v5: what Chinese enterprises integrate against."""

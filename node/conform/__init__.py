"""Grades a client: cases that are put to it, rules that its traffic is held against, reports with evidence."""

"""EPP over HTTP at a national node, and the reports of secondary nodes."""

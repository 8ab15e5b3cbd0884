"""Pictures of the console, made by a browser from a node with something to show."""

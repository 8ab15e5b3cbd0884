"""The way of a handle through a tree of nodes, hop by hop, told as text, as JSON and as a picture."""

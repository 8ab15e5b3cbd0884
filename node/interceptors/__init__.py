"""The seam through which every request can be seen, and its answer changed, whatever the face."""

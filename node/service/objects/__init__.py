"""Describes what applications of enterprises do: metadata templates, their instances, who may read them."""

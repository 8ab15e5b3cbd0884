"""The compiled core of the register: optional, and equal to the Python one in everything but speed.

`core` exists only where the package was built with a C compiler; `node/build.py` tells which core runs.
"""

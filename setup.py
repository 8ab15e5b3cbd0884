"""Builds the optional compiled core; everything else is in pyproject.toml.

Without a C compiler (or with ``IDNODE_PURE=1``) the installation succeeds and the Python core runs.
"""

import os
import sys

from Cython.Build import cythonize
from setuptools import Extension, setup

_HEADERS = ["registry/native", "node/native"]
_FLAGS = ["-O3", "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-function"]


def _extensions() -> list[Extension]:
    if os.environ.get("IDNODE_PURE") == "1" or sys.platform != "linux":
        return []
    modules = [
        Extension(
            "registry.native.core",
            ["registry/native/core.pyx"],
            depends=[
                f"registry/native/{name}.h" for name in ("logview", "crc32c", "slots", "batch")
            ],
            include_dirs=_HEADERS,
            extra_compile_args=_FLAGS,
            optional=True,
        ),
    ]
    return cythonize(modules, language_level=3)


setup(ext_modules=_extensions())

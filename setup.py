"""Builds the optional compiled core; everything else is in pyproject.toml.

Without a C compiler (or with ``IDNODE_PURE=1``) the installation succeeds and the Python core runs.
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

_HEADERS = ["registry/native", "node/native"]
_FLAGS = ["-O3", "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-function"]
_MODULES = (
    "registry.native.core",
    "registry.native.batches",
    "registry.native.ordering",
    "registry.native.resolutions",
    "registry.native.suzhou",
    "node.native.responder",
)


def _extensions() -> list[Extension]:
    if os.environ.get("IDNODE_PURE", "") not in {"", "0"} or sys.platform != "linux":
        return []
    modules = [
        Extension(
            module,
            [module.replace(".", "/") + ".pyx"],
            depends=[
                str(header) for folder in _HEADERS for header in sorted(Path(folder).glob("*.h"))
            ],
            include_dirs=_HEADERS,
            define_macros=[("_GNU_SOURCE", None)],
            extra_compile_args=_FLAGS,
            optional=True,
        )
        for module in _MODULES
    ]
    return cythonize(modules, language_level=3)


setup(ext_modules=_extensions())

"""Builds the optional compiled core; everything else is in pyproject.toml.

Without a C compiler (or with ``IDNODE_PURE=1``) the installation succeeds and the Python core runs.
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

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


class BuildIfPossible(build_ext):
    """Takes a compiler that is not there for one that fails, which an optional extension may."""

    def build_extension(self, ext: Extension) -> None:
        """Build one extension, or raise what makes an optional one be left out."""
        try:
            super().build_extension(ext)
        except OSError as error:
            raise CompileError(str(error)) from error


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
        )
        for module in _MODULES
    ]
    built: list[Extension] = cythonize(modules, language_level=3)
    for module in built:
        module.optional = True  # which cythonize forgets
    return built


setup(ext_modules=_extensions(), cmdclass={"build_ext": BuildIfPossible})

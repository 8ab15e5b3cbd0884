"""Builds the optional compiled core; everything else is in pyproject.toml.

Without a C compiler (or with ``IDNODE_PURE=1``) the installation succeeds and the Python core runs.
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import CompileError

_HEADERS = [
    f"src/idnode/{folder}"
    for folder in (
        "registry/embedded/native",
        "registry/overlay",
        "registry/datasets/suzhou",
        "node/faces/handle/native",
        "node/faces/handle_json/native",
    )
]
_SOURCES = {".pyx", ".pxd", ".pyi", ".h"}
_FLAGS = ["-O3", "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-function"]
_MODULES = (
    "idnode.registry.embedded.native.core",
    "idnode.registry.embedded.native.batches",
    "idnode.registry.embedded.native.ordering",
    "idnode.registry.embedded.native.resolutions",
    "idnode.registry.datasets.suzhou.native",
    "idnode.node.faces.handle.native.responder",
    "idnode.node.faces.handle.native.workers",
    "idnode.node.faces.handle_json.native.gets",
)


class BuildIfPossible(build_ext):
    """Takes a compiler that is not there for one that fails, which an optional extension may."""

    def build_extension(self, ext: Extension) -> None:
        """Build one extension, or raise what makes an optional one be left out."""
        try:
            super().build_extension(ext)
        except OSError as error:
            raise CompileError(str(error)) from error


class WithNativeSources(sdist):
    """Packs what the compiled core is made from, and not what Cython made of it."""

    def make_distribution(self) -> None:
        """Pack the source distribution."""
        # Setuptools knows of the sources after Cython only, and not of what they include.
        self.filelist.exclude_pattern(r"\.c$", is_regex=True)
        for folder in _HEADERS:
            found = (path for path in sorted(Path(folder).iterdir()) if path.suffix in _SOURCES)
            self.filelist.extend([str(path) for path in found])
        super().make_distribution()


def _extensions() -> list[Extension]:
    if os.environ.get("IDNODE_PURE", "") not in {"", "0"} or sys.platform != "linux":
        return []
    modules = [
        Extension(
            module,
            ["src/" + module.replace(".", "/") + ".pyx"],
            depends=[
                str(header) for folder in _HEADERS for header in sorted(Path(folder).glob("*.h"))
            ],
            include_dirs=_HEADERS,
            define_macros=[("_GNU_SOURCE", None)],
            extra_compile_args=_FLAGS,
        )
        for module in _MODULES
    ]
    built: list[Extension] = cythonize(modules, language_level=3, include_path=["src"])
    for module in built:
        module.optional = True  # which cythonize forgets
    return built


setup(
    ext_modules=_extensions(), cmdclass={"build_ext": BuildIfPossible, "sdist": WithNativeSources}
)

"""Takes a picture of each page of the console in both languages: ``python -m deploy.screenshots [FOLDER]``.

It starts a node of its own on free ports, has it answer and refuse something, and looks at it with an installed Chromium.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

from deploy.screenshots.life import keep_asking, live
from deploy.screenshots.scenes import SCENES, Scene
from playwright.sync_api import Browser, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES: Final = ("en", "zh")
WIDE: Final = (1360, 860)
PHONE: Final = (390, 844)


@contextmanager
def node() -> Iterator[dict[str, Any]]:
    """Run a node for as long as it takes, and yield what its ready file says."""
    idnode = Path(sys.executable).with_name("idnode")
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        ports = [f"--{name}-port=0" for name in ("handle", "http", "admin")]
        flags = ["--dataset=suzhou", "--allow-reset=true", "--auto-approve=false", "--seed=1"]
        with subprocess.Popen(
            [idnode, "serve", f"--data-dir={folder}/data", f"--ready-file={ready}", *ports, *flags],
            stdout=subprocess.DEVNULL,
        ) as process:
            try:
                subprocess.run([idnode, "wait", f"--ready-file={ready}"], check=True)
                yield json.loads(ready.read_bytes())
            finally:
                process.terminate()


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "deploy/screenshots/out")
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with node() as ready:
        live(ready)  # which runs a loop of its own, as the browser's steering does
        ended = Event()
        asking = Thread(target=keep_asking, args=(ready, ended))
        asking.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for scene in SCENES:
                for language in LANGUAGES:
                    _take(browser, ready["admin"], scene, language, folder)
            browser.close()
        ended.set()
        asking.join()


def _take(browser: Browser, base: str, scene: Scene, language: str, folder: Path) -> None:
    width, height = PHONE if scene.phone else WIDE
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scene.dark else "light",
        locale=language,
    )
    page = context.new_page()
    page.goto(f"{base}/{scene.path}{'&' if '?' in scene.path else '?'}lang={language}")
    scene.arrange(page)
    path = folder / f"{scene.name}-{language}.png"
    page.screenshot(path=path)
    sys.stdout.write(f"{path}\n")

    context.close()


if __name__ == "__main__":
    main()

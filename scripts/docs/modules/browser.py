"""Chromium without a window, for the tests of pages and for their screenshots."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
)


def find_programs() -> dict[str, str]:
    """RETURNS (dict[str, str]): Paths of chromium and chromedriver; those that are missing are left
    out."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    return {name: path for name, path in found.items() if path}


@contextmanager
def open_browser() -> Iterator[Chrome]:
    """Start Chromium with a profile of its own, and end both.

    YIELDS (Chrome): With its console's messages kept, `get_log("browser")`.
    RAISES (OSError): If Chromium or its driver is missing.
    """
    programs = find_programs()
    if len(programs) < 2:
        raise OSError(
            "Expected the programs chromium and chromedriver; Debian has packages of both"
        )
    options = ChromeOptions()
    options.binary_location = programs["chromium"]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        # Named, so that selenium does not look for a driver to download.
        browser = Chrome(options, Service(programs["chromedriver"]))
        try:
            yield browser
        finally:
            browser.quit()


def open_page(
    browser: Chrome, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False
) -> None:
    """Show a page of the disk, in a window of that size, light or dark."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.get(path.resolve().as_uri())

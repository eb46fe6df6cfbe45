"""The stories one after another, each with a browser of its own, and the pictures."""

import os
import tempfile
import time

from selenium.common.exceptions import WebDriverException

from page import access, checks, sights
from page.browser import DESKTOP, PHONE, Browser, Mistake
from page.registry import Registry

STORIES = {
    story.__name__: story
    for story in (
        checks.nothing, checks.changes, checks.leases, checks.three, checks.conflict, checks.great,
        checks.keyboard, checks.injection, checks.appearance, checks.restart, checks.store,
        checks.absence, access.tokens,
    )  # fmt: skip
}
# What Chromium tells of requests that a story means to fail.
REFUSALS = {
    "changes": ("404",), "conflict": ("412",), "injection": ("400",), "store": ("503",),
    "absence": ("404",), "tokens": ("401", "403"),
    "restart": ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE"),
}  # fmt: skip
SHOWN = 10  # faults of a story; the first say most
SETTINGS = "events_kept: 100\n"
SCOPES = ("read", "write", "admin")


def perform(binary, directory, names, say):
    """What is wrong, in words."""
    faults = []
    for name in names:
        begun = time.monotonic()
        found = told(binary, directory, name)
        faults += [f"{name}: {fault}" for fault in found]
        seconds = time.monotonic() - begun
        say(f"{'FAILED' if found else 'OK':6}  {seconds:5.1f} s  {STORIES[name].__doc__}")
    return faults


def told(binary, directory, name):
    with started(binary, directory, name == "tokens") as registry, browser(directory) as tab:
        tab.look()
        found = []
        try:
            STORIES[name](tab, registry)
        except Mistake as mistake:
            found.append(str(mistake))
        except WebDriverException as error:
            found.append(f"{type(error).__name__}: {error.msg}")
        found += tab.mistakes(REFUSALS.get(name, ()))
        asked = set(tab.requests())
        strangers = [url for url in asked if not is_own(url, registry)]
        if strangers:
            found.append(f"asks others: {sorted(strangers)}")
        if any("rollcall_" in url for url in asked):
            found.append("a token is part of a URL")
        return list(dict.fromkeys(found))[:SHOWN]


def is_own(url, registry):
    return url.startswith((f"{registry.url}/", "about:", "chrome:", "data:"))


def started(binary, directory, has_tokens=False):
    """A server without services, in a directory of its own."""
    place = tempfile.mkdtemp(dir=directory)
    with open(os.path.join(place, "settings.yaml"), "w", encoding="ascii") as file:
        file.write(SETTINGS)
    arguments = ["--config", file.name]
    tokens = {}
    if has_tokens:
        path = os.path.join(place, "tokens.yaml")
        tokens = {scope: access.made_token(binary, path, scope, scope) for scope in SCOPES}
        arguments += ["--tokens", path]
    return Registry(binary, place, tokens, *arguments)


def browser(directory):
    return Browser(tempfile.mkdtemp(dir=directory))


def take_screenshots(binary, directory, target, say):
    """Each sight as somebody meets it: the beginning, a service, on a phone the changes, too."""
    for count, register in (("0", None), ("3", sights.few), ("2000", sights.many)):
        with started(binary, directory) as registry, browser(directory) as tab:
            if register:
                register(registry)
            places = {"": "", "changes": "#/changes"}
            if register:
                service = "web" if count == "3" else "fleet"
                places["service"] = f"#/services/{service}"
            for theme in ("light", "dark"):
                for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
                    tab.look(size, theme)
                    for name, place in places.items():
                        tab.open(f"{registry.url}/{place}")
                        tab.wait_for_text("#connection", "Live")
                        tab.wait("the list", lambda: tab.text("#services-count") != ""
                                 or size == PHONE and place != "")  # fmt: skip
                        time.sleep(0.5)
                        parts = [count, name or "start", width, theme]
                        tab.screenshot(os.path.join(target, "-".join(parts) + ".png"))
    say(f"pictures are in {target}")

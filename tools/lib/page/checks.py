"""What a user of the page sees and does, one story after another.

Each takes a browser and a registry without services, and ends with the browser on a page.
"""

import os
import sqlite3
import time

from page.browser import DESKTOP, PHONE, Mistake
from page.readability import faint_texts
from page.sights import MANY, few, instance, many
from selenium.webdriver.common.keys import Keys

EVIL = '"><img src=x onerror="window.injected=1"><script>window.injected=1</script>'
LEASE = 10  # seconds
QUICK = 5  # seconds for a page of a large service, on a machine that does other things too


def nothing(browser, registry):
    """Without a service the page says how to come by one, and what the server is."""
    browser.open(registry.url)
    browser.wait_for_text("#services-note", "Nothing is registered yet")
    browser.wait_for_text("#services-note", f"{registry.url}/v1/services/web/instances/web-1")
    browser.wait_for_text("#connection", "Live")
    browser.wait_for_text("#readiness", "Ready")
    expect(browser.text("#version") == registry.call("GET", "/healthz")["version"], "version")


def changes(browser, registry):
    """A change appears as it happens, in the lists and among the changes, without a reload."""
    registry.register("old", "old-1")
    browser.open(f"{registry.url}/#/services/web")
    browser.wait_for_text("#connection", "Live")
    browser.wait_for_text("#changes li", "old / old-1")
    browser.run("window.isSame = true")
    registry.register("web", "web-1", tags=["blue"], address="10.0.0.7", ports={"grpc": 9090})
    browser.wait_for_text("#instances tr", "web-1")
    expect(browser.text("#instances .address") == "10.0.0.7", "address")
    expect(browser.text("#instances .port").split("\n") == ["8080", "grpc 9090"], "ports")
    expect(browser.text("#instances .tags") == "blue", "tag")
    browser.wait_for_text("#changes li", "registered")
    browser.wait_for_text("#services", "web")
    registry.renew("web", "web-1", status="critical")
    browser.wait_for_text("#instances .status", "critical")
    browser.wait_for_text("#changes li", "is critical")
    browser.wait("no live one", lambda: "0 of 1" in browser.text("#services a[aria-current]"))
    registry.deregister("web", "web-1")
    browser.wait_for_text("#instances-note", "The service has no instance.")
    expect(browser.run("return window.isSame") is True, "the page was loaded anew")


def leases(browser, registry):
    """A lease runs down before one's eyes, a renewal is seen, and at its end the instance goes."""
    registry.register("web", "web-1", lease_seconds=LEASE)
    registry.register("web", "web-2")
    browser.open(f"{registry.url}/#/services/web")
    browser.wait_for_text("#instances .left", " s")
    for seconds in (LEASE - 2, LEASE // 2):
        browser.wait(f"{seconds} s", lambda: left(browser) <= seconds)
    registry.renew("web", "web-1")
    browser.wait("the renewal", lambda: left(browser) >= LEASE - 2)
    shares = browser.run("return document.querySelector('.fill').style.transform")
    expect(shares.startswith("scaleX(0."), "the bar says what is left")
    browser.run("document.querySelector('tr:nth-child(2) .open').focus()")
    browser.wait("1 s", lambda: left(browser) <= 1)
    browser.wait("its end", lambda: browser.texts("#instances .open") == ["web-2"])
    expect(browser.focus == "web-2", "another's end takes the focus away")
    browser.wait_for_text("#changes li", "lease ended")


def left(browser):
    """Seconds of the first lease that is shown."""
    text = browser.text("#instances .left")
    return 0 if text == "over" else int(text.removesuffix(" s"))


def three(browser, registry):
    """Three instances, each as it is; one whole in its dialog."""
    few(registry)
    browser.open(f"{registry.url}/#/services/web")
    browser.wait("three rows", lambda: len(browser.texts("#instances tr")) == 3)
    expect(browser.text("#instances-summary") == "3 instances, 2 live", "the summary")
    expect(browser.texts("#instances .status") == ["passing", "warning", "draining"], "status")
    expect("gone in " in browser.texts("#instances .left")[2], "the end of the drain")
    browser.click("#instances tr:nth-child(1) .open")
    for text in ("web-1.web.mesh.internal.", "version = 2.4.1", "fd00::1", "grpc 9090"):
        browser.wait_for_text("#details", text)


def conflict(browser, registry):
    """What was confirmed for one instance is not done to another that has taken its place."""
    registry.register("web", "web-1")
    browser.open(f"{registry.url}/#/services/web")
    browser.click("#instances .open")
    browser.click("#deregister")
    browser.wait_for_text("#confirmation", "Deregister web-1?")
    registry.register("web", "web-1", address="10.0.0.9")
    browser.click("#confirm")
    browser.wait_for_text("#confirmation-problem", "revision")
    expect(len(registry.call("GET", "/v1/services/web")["instances"]) == 1, "it is gone")
    browser.click("#confirmation .close")
    browser.wait_for_text("#details", "10.0.0.9")


def great(browser, registry):
    """2,000 instances and 600 services come in pages, quickly, and can be searched."""
    many(registry)
    begun = time.monotonic()
    browser.open(f"{registry.url}/#/services/fleet")
    browser.wait("a page of rows", lambda: len(browser.texts("#instances tr")) == 100)
    expect(time.monotonic() - begun < QUICK, f"the first page takes more than {QUICK} s")
    expect("2,000 instances" in browser.text("#instances-summary"), "the summary")
    pages = 1
    while browser.find("#page-after").is_enabled():
        shown = browser.text("#page-range")
        browser.click("#page-after")
        browser.wait("the next page", lambda: browser.text("#page-range") != shown)
        pages += 1
    expect(browser.text("#page-range") == f"{MANY - 99:,}–{MANY:,} of {MANY:,}", "the last page")
    expect(pages == MANY // 100, f"{pages} pages")
    browser.type("#instances-search", "FLEET-0042")
    browser.wait("the one found", lambda: browser.texts("#instances .open") == ["fleet-0042"])
    browser.type("#instances-search", "10.3.5.")
    browser.wait_for_text("#instances .address", "10.3.5.1")
    browser.click("#instances .chip")
    browser.wait("a tag's", lambda: all("blue" in one for one in browser.texts("#instances .tags")))
    browser.type("#instances-search", "nothing-like-it")
    browser.wait_for_text("#instances-note", "No instance is like that.")
    expect(browser.text("#services-count") == "200+", "the services are in pages, too")
    browser.click("#services-more")
    browser.wait("more services", lambda: browser.text("#services-count") == "400+")
    browser.type("#services-search", "Eu-West")
    browser.wait("15 services", lambda: browser.text("#services-count") == "15")
    browser.type("#services-search", "nothing-like-it")
    browser.wait_for_text("#services-note", "No service has")


def keyboard(browser, registry):
    """Everything can be reached and done without a mouse."""
    few(registry)
    registry.register("api", "api-1")
    browser.open(registry.url)
    browser.wait("two services", lambda: len(browser.texts("#services li")) == 2)
    browser.press(Keys.TAB)
    expect(browser.focus == "Skip to the content", f"the first stop is '{browser.focus}'")
    browser.press(Keys.ENTER)
    expect(browser.focus == "main", "the skip link leads to the content")
    browser.press("/")
    expect(browser.focus == "services-search", "a slash leads to the search")
    browser.press("we")
    browser.wait("the one found", lambda: len(browser.texts("#services li")) == 1)
    browser.press(Keys.ARROW_DOWN, Keys.ENTER)
    browser.wait("the service", lambda: browser.focus == "instances-title")
    browser.wait("its rows", lambda: len(browser.texts("#instances tr")) == 3)
    stops = []
    while browser.focus != "web-1" and len(stops) < 9:
        browser.press(Keys.TAB)
        stops.append(browser.focus)
    expect(browser.focus == "web-1", f"the way to the first instance: {stops}")
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    expect(outline == "solid", "the focus can be seen")
    browser.press(Keys.ENTER)
    browser.wait("the dialog", lambda: browser.is_shown("#details"))
    browser.press(Keys.ESCAPE)
    browser.wait("its end", lambda: not browser.is_shown("#details"))
    expect(browser.focus == "web-1", "the focus is where it was")


def injection(browser, registry):
    """What an instance, the address bar or a search field says stays text."""
    registry.register("web", "web-1", metadata={"evil": EVIL, EVIL[:60].replace("=", "-"): "x"})
    browser.open(f"{registry.url}/#/services/web")
    browser.click("#instances .open")
    browser.wait_for_text("#details", f"evil = {EVIL}")
    browser.press(Keys.ESCAPE)
    browser.type("#services-search", EVIL)
    browser.wait_for_text("#services-note", EVIL)
    browser.open(f"{registry.url}/#/services/{EVIL.replace('/', '%2F')}")
    browser.wait_for_text("#instances-title", "onerror")
    browser.wait_for_text("#instances-note", "service")
    alien = browser.run("return [...document.querySelectorAll('img, script:not([src])')].length")
    expect(alien == 0, "markup of others became elements")
    expect(browser.run("return window.injected") is None, "a script of others ran")


def appearance(browser, registry):
    """In both themes, wide and narrow: text that can be read, nothing beside the screen."""
    few(registry)
    grounds = set()
    for theme in ("light", "dark"):
        for size in (DESKTOP, PHONE):
            browser.look(size, theme)
            for place in ("", "#/changes", "#/services/web"):
                browser.open(f"{registry.url}/{place}")
                browser.wait_for_text("#connection", "Live")
                browser.wait("the list", lambda: browser.run(
                    "return document.querySelectorAll('#services li').length") == 1)  # fmt: skip
                where = f"{theme}, {size[0]} wide, '{place}'"
                faint = faint_texts(browser)
                expect(not faint, f"{where}: hard to read: {faint}")
                across = browser.run("return document.scrollingElement.scrollWidth - innerWidth")
                expect(across <= 0, f"{where}: {across} pixels beside the screen")
            grounds.add(browser.run("return getComputedStyle(document.body.parentNode).background"))
    expect(len(grounds) == 2, f"two themes: {grounds}")
    browser.look(DESKTOP, "light")
    before = browser.run("return getComputedStyle(document.documentElement).color")
    for _ in range(2):
        browser.click("#theme")
    expect(browser.text("#theme") == "Theme: dark", "the theme's name")
    after = browser.run("return getComputedStyle(document.documentElement).color")
    expect(before != after, "the theme can be chosen")
    browser.run("localStorage.clear()")


def restart(browser, registry):
    """The page says that the server is gone, and goes on by itself when it is there again."""
    registry.register("web", "web-1")
    browser.open(f"{registry.url}/#/services/web")
    browser.wait_for_text("#instances tr", "web-1")
    browser.wait_for_text("#connection", "Live")
    browser.run("window.isSame = true")
    registry.stop()
    browser.wait_for_text("#connection", "No connection")
    browser.wait_for_text("#banner", "What is shown may be out of date. Trying again in")
    expect(browser.texts("#instances .open") == ["web-1"], "what was shown is still shown")
    with_another_change(registry)
    browser.wait_for_text("#connection", "Live")
    browser.wait("no banner", lambda: browser.text("#banner") == "")
    browser.wait_for_text("#instances", "web-2")
    expect(browser.run("return window.isSame") is True, "the page was loaded anew")


def with_another_change(registry):
    registry.__enter__()
    registry.register("web", "web-2")


def store(browser, registry):
    """That changes can't be stored is said, and that they can again."""
    registry.register("web", "web-1")
    browser.open(registry.url)
    browser.wait_for_text("#readiness", "Ready")
    database = sqlite3.connect(os.path.join(registry.directory, "data", "rollcall.db"))
    database.execute("BEGIN EXCLUSIVE")
    try:
        browser.wait("a refused change", lambda: not registry.accepts("web", "web-2"))
        browser.wait_for_text("#readiness", "Not ready")
        browser.wait_for_text("#unready", "the database is locked")
    finally:
        database.close()
    browser.wait("a change", lambda: registry.accepts("web", "web-2"))
    browser.wait_for_text("#readiness", "Ready")
    browser.wait("no notice", lambda: browser.text("#unready") == "")


def absence(browser, registry):
    """A page that nobody sees holds no connection; what it missed it learns, or says so."""
    browser.open(f"{registry.url}/#/services/web")
    browser.wait_for_text("#connection", "Live")
    hide(browser, True)
    browser.wait("no watcher", lambda: registry.watchers() == 0)
    registry.register("web", "web-1")
    hide(browser, False)
    browser.wait_for_text("#instances tr", "web-1")
    browser.wait_for_text("#changes li", "web / web-1")
    hide(browser, True)
    browser.wait("no watcher", lambda: registry.watchers() == 0)
    registry.register_many([instance("web", number) for number in range(138)])
    hide(browser, False)
    browser.wait_for_text("#changes", "Changes were missed here.")
    browser.wait_for_text("#instances-summary", "139 instances")


def hide(browser, is_hidden):
    browser.run(
        "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))", is_hidden,
    )  # fmt: skip


def expect(holds, what):
    if not holds:
        raise Mistake(what)

"""The page on a server that wants tokens."""

import subprocess

from page.browser import Mistake
from page.checks import expect
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

UNKNOWN = "rollcall_" + 64 * "0"


def made_token(binary, file, name, scope):
    return subprocess.run(
        [binary, "token", "new", "--file", file, "--name", name, "--scope", scope,
         "--services", "*"],
        check=True, capture_output=True, text=True, timeout=60,
    ).stdout.strip()  # fmt: skip


def tokens(browser, registry):
    """Without a token nothing is shown; with one what it allows is shown and can be done."""
    for id in ("web-1", "web-2"):
        registry.register("web", id)
    browser.open(f"{registry.url}/#/services/web")
    browser.wait_for_text("#token-dialog", "A valid token is needed")
    expect("web-1" not in browser.text("body"), "what nobody may see is shown")
    use(browser, UNKNOWN)
    browser.wait_for_text("#token-problem", "unknown, revoked or expired")

    use(browser, registry.tokens["read"])
    browser.wait_for_text("#instances", "web-1")
    browser.wait_for_text("#connection", "Live")
    act(browser, "web-1", "#drain")
    browser.wait_for_text("#confirmation-problem", "The token does not allow this")
    browser.wait_for_text("#confirmation-problem", "'write'")
    browser.click("#confirmation .close")
    browser.press(Keys.ESCAPE)
    expect(browser.texts("#instances .status") == ["passing"] * 2, "nothing was changed")

    browser.click("#token")
    use(browser, registry.tokens["write"])
    browser.wait_for_text("#connection", "Live")
    act(browser, "web-1", "#drain")
    browser.wait_for_text("#instances .status", "draining")
    act(browser, "web-2", "#deregister")
    browser.wait("the instance's end", lambda: "web-2" not in browser.text("#instances"))
    browser.wait_for_text("#changes", "deregistered")
    secrecy(browser, registry)


def secrecy(browser, registry):
    """A token is in no URL, and after a reload there only if it was to be kept."""
    stored = "return JSON.stringify([localStorage, sessionStorage, document.cookie])"
    expect("rollcall_" not in browser.run(stored), "a token was stored unasked")
    page = browser.run("return document.documentElement.outerHTML")
    expect(not any(token in page for token in registry.tokens.values()), "a token is shown")
    browser.driver.refresh()
    browser.wait_for_text("#token-dialog", "A valid token is needed")
    use(browser, registry.tokens["read"], keeps=True)
    browser.wait_for_text("#connection", "Live")
    browser.driver.refresh()
    browser.wait_for_text("#connection", "Live")
    browser.click("#token")
    browser.click("#token-forget")
    browser.wait_for_text("#token-dialog", "A valid token is needed")
    expect("rollcall_" not in browser.run(stored), "a token that was forgotten is still stored")


def use(browser, token, keeps=False):
    browser.wait("the field", lambda: browser.is_shown("#token-field"))
    browser.type("#token-field", token)
    if keeps:
        browser.click("#token-keep")
    browser.press(Keys.ENTER)


def act(browser, id, button):
    """Asks for a change of an instance, and confirms it."""
    rows = browser.driver.find_elements(By.CSS_SELECTOR, "#instances .open")
    found = [row for row in rows if row.text == id]
    if not found:
        raise Mistake(f"{id} is not shown")
    found[0].click()
    browser.click(button)
    browser.wait_for_text("#confirmation", id)
    browser.click("#confirm")

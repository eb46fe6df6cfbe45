"""Chromium without a window, as somebody who looks at the page and uses its keyboard."""

import base64
import json
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PATIENCE = 30  # seconds for what takes milliseconds on an idle machine
DESKTOP, PHONE = (1440, 900), (390, 844)
# What the page does against its own rules is kept from its first script on.
WATCH = """
  window.mistakes = [];
  addEventListener("securitypolicyviolation", (event) =>
    mistakes.push(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  addEventListener("error", (event) => mistakes.push(`error: ${event.message}`));
  addEventListener("unhandledrejection", (event) => mistakes.push(`rejection: ${event.reason}`));
"""


class Mistake(Exception):
    """The page is not as it must be."""


class Browser:
    """One tab. Leaving its context ends the browser."""

    def __init__(self, directory):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--disable-background-networking", "--no-proxy-server", f"--user-data-dir={directory}",
        ):  # fmt: skip
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(PATIENCE)
        self.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def command(self, name, **parameters):
        """One of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    # How it looks

    def look(self, size=DESKTOP, theme="light"):
        """With a window of this size, in the system's light or dark theme."""
        width, height = size
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=2 if size == PHONE else 1, mobile=size == PHONE,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": theme}
        self.command("Emulation.setEmulatedMedia", features=[feature])

    def screenshot(self, path):
        image = self.command("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    # What it shows

    def open(self, url):
        # A fragment alone would not load the page anew.
        self.driver.get("about:blank")
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """What a user reads there; nothing where it is hidden or not there."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def is_shown(self, selector):
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return any(one.is_displayed() for one in found)

    def texts(self, selector):
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        return self.run(script, selector)

    def wait(self, what, condition, patience=PATIENCE):
        """Until the condition holds; its value."""
        end = time.monotonic() + patience
        while not (value := condition()):
            if time.monotonic() > end:
                raise Mistake(f"{what}: not within {patience} s; the page shows: {self.shown()}")
            time.sleep(0.05)
        return value

    def wait_for_text(self, selector, text):
        """However its words are set in lines."""
        self.wait(
            f"'{text}' in {selector}", lambda: text in " ".join(self.text(selector).split())
        )

    def shown(self):
        return " ".join(self.text("body").split())[:800]

    # What its user does

    def click(self, selector):
        self.wait(f"something to click at {selector}", lambda: self.is_shown(selector))
        self.find(selector).click()

    def type(self, selector, text):
        field = self.find(selector)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text or Keys.DELETE)

    def press(self, *keys):
        """Where the focus is, as on a keyboard."""
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def focus(self):
        """What has the focus: its id, or what it says."""
        return self.run("const e = document.activeElement; return e.id || e.innerText || e.tagName")

    # What it did

    def requests(self):
        """The URLs that were asked for since the last call."""
        entries = [json.loads(entry["message"]) for entry in self.driver.get_log("performance")]
        return [
            entry["message"]["params"]["request"]["url"]
            for entry in entries
            if entry["message"]["method"] == "Network.requestWillBeSent"
        ]

    def mistakes(self, refusals=()):
        """What the console and the page's own listeners have to say since the last call.

        Chromium tells of each failed request there; `refusals` are words of those that are meant.
        """
        told = [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if not any(word in entry["message"] for word in refusals)
        ]
        return told + self.run("return window.mistakes?.splice(0) ?? []")

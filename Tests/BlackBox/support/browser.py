"""A real headless Chromium, spoken to over the DevTools protocol through two pipes."""

import base64
import json
import os
import selectors
import subprocess
import tempfile
import time


class Browser:
    """One process for a whole module; every page is a fresh target."""

    TIMEOUT = 30

    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory(prefix="nonet-chromium.")
        theirs_in, self.out = os.pipe()
        self.inward, theirs_out = os.pipe()

        def place():  # --remote-debugging-pipe reads descriptor 3 and writes 4
            high = os.dup2(theirs_in, 90), os.dup2(theirs_out, 91)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)
            os.closerange(5, 92)

        words = [program, "--headless", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
                 "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
                 "--disable-extensions", "--hide-scrollbars", f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place,
                                        env={**os.environ, "HOME": self.profile.name})
        os.close(theirs_in)
        os.close(theirs_out)
        os.set_blocking(self.inward, False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.inward, selectors.EVENT_READ)
        self.buffer, self.count, self.events = b"", 0, []

    def read(self, deadline):
        """The next message."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            assert left > 0 and self.selector.select(left), "Chromium did not answer"
            chunk = os.read(self.inward, 1 << 16)
            assert chunk, "Chromium ended"
            self.buffer += chunk
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        deadline = time.monotonic() + self.TIMEOUT
        while True:
            answer = self.read(deadline)
            if answer.get("id") == self.count:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method, session):
        deadline = time.monotonic() + self.TIMEOUT
        while True:
            for event in self.events:
                if event.get("method") == method and event.get("sessionId") == session:
                    return event["params"]
            self.events.append(self.read(deadline))

    def open(self, path, **view):
        return Page(self, path, **view)

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(10)
        os.close(self.out)
        os.close(self.inward)
        self.selector.close()
        self.profile.cleanup()


class Page:
    """A file in a window of some width; what it asked the network for, and what it complained of."""

    def __init__(self, browser, path, width=1200, height=900, dark=False, script=True):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=f"file://{path}")
        browser.wait_for("Page.loadEventFired", self.session)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def run(self, expression):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def told(self, method):
        return [event["params"] for event in self.browser.events
                if event.get("method") == method and event.get("sessionId") == self.session]

    @property
    def requests(self):
        return [event["request"]["url"] for event in self.told("Network.requestWillBeSent")]

    @property
    def complaints(self):
        """Errors, warnings and messages of the console, with what the page's policy refused."""
        return (self.told("Log.entryAdded") + self.told("Runtime.exceptionThrown") + self.told("Runtime.consoleAPICalled"))

    def picture(self, whole=True):
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"])

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)

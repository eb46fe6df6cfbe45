"""Many watchers, attended to by one loop."""

import selectors
import time


class Crowd:
    """By service; who is closed stays in it."""

    def __init__(self):
        self.selector = selectors.EpollSelector()
        self.of_service = {}

    def add(self, watcher):
        self.of_service.setdefault(watcher.service, []).append(watcher)
        self.selector.register(watcher, selectors.EVENT_READ)

    def remove(self, watcher):
        self.of_service[watcher.service].remove(watcher)
        if not watcher.is_closed:
            self.selector.unregister(watcher)
        watcher.close()

    def all(self):
        return [watcher for some in self.of_service.values() for watcher in some]

    def attend(self, seconds):
        for key, _ in self.selector.select(seconds):
            key.fileobj.receive()
            if key.fileobj.is_closed:
                self.selector.unregister(key.fileobj)
                if key.fileobj.comes_again():
                    self.selector.register(key.fileobj, selectors.EVENT_READ)

    def attend_for(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.attend(min(left, 0.1))

    def attend_until(self, condition, seconds):
        """Whether it came true in time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.attend(0.02)
        return True

    def close(self):
        for watcher in self.all():
            watcher.close()

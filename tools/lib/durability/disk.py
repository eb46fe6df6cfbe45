"""Files as a power cut may leave them, from the calls that wrote and synced them.

Sure is only what POSIX promises: the octets of a file that were written before an fsync or
fdatasync of it that succeeded, and the entries of a directory that were made before one of the
directory. Journalling file systems keep more (ext4 also keeps a file's own entry when the file is
synced); nothing here counts on that. What is not sure may be there or not, each write by itself, in
any order and torn at 512 octets, and changes of a directory up to any one of them. What an fsync
that failed should have written stays unsure, whatever a later one says, until it is written again:
Linux calls such pages clean.
"""

import codecs
import os
import re

SECTOR = 512
PAGE = 4096
STRING = r'"((?:[^"\\]|\\.)*)"'
FILE = r"\d+<([^>]*)>"
WRITE = re.compile(rf'^pwrite64\({FILE}, "(.*)", \d+, (\d+)')
TRUNCATE = re.compile(rf"^ftruncate\({FILE}, (\d+)")
SYNC = re.compile(rf"^(?:fdatasync|fsync)\({FILE}")
APPEND = re.compile(rf'^write\((\d+)<([^>]*)>, "(.*)", \d+')
OPEN = re.compile(rf"^openat\([^<]*<([^>]*)>, {STRING}, ([A-Z_|]+)")
NAMED = re.compile(rf"^(?:mkdir|unlink|rename)\({STRING}(?:, {STRING})?")
AT = r"[^<]*<([^>]*)>"
NAMED_AT = re.compile(
    rf"^(?:mkdirat|unlinkat|renameat2?)\({AT}, {STRING}(?:, {AT}, {STRING})?"
)
MAP = re.compile(rf"^mmap\([^,]*, \d+, ([A-Z_|]+), ([A-Z_|]+), {FILE}")
# These change files in ways that are not followed here; on the data they are an error.
UNFOLLOWED = {
    "writev", "pwritev", "pwritev2", "fallocate", "sync_file_range", "link", "linkat", "truncate",
    "copy_file_range", "symlink", "symlinkat", "rmdir", "open", "creat", "lseek",
}  # fmt: skip
TRACED = sorted(UNFOLLOWED | {
    "pwrite64", "write", "ftruncate", "fdatasync", "fsync", "openat", "mkdir", "mkdirat", "unlink",
    "unlinkat", "rename", "renameat", "renameat2", "mmap", "sendto", "sendmsg",
})  # fmt: skip


class Unfollowed(RuntimeError):
    """A call on the data that this can't rebuild."""


class Write:
    """Octets on their way to a file. `is_complete` from when the call returned."""

    def __init__(self, offset, octets):
        self.offset, self.octets = offset, octets
        self.is_complete = self.is_doubtful = False

    def apply(self, content, sectors=None):
        """Puts the octets there, or those of the sectors that `sectors` chooses."""
        if sectors is None:
            put(content, self.offset, self.octets)
            return
        for start, octets in self.pieces(SECTOR):
            if sectors():
                put(content, start, octets)

    def is_in(self, content):
        return content[self.offset : self.offset + len(self.octets)] == self.octets

    def pieces(self, size):
        at = self.offset
        while at < self.offset + len(self.octets):
            end = min((at // size + 1) * size, self.offset + len(self.octets))
            yield at, self.octets[at - self.offset : end - self.offset]
            at = end

    def pages(self):
        return range(self.offset // PAGE, (self.offset + len(self.octets) - 1) // PAGE + 1)


class Truncation:
    def __init__(self, size):
        self.size = size
        self.is_complete = self.is_doubtful = False

    def apply(self, content, sectors=None):
        if sectors and not sectors():
            return
        if len(content) > self.size:
            del content[self.size :]
        else:
            content.extend(bytes(self.size - len(content)))

    def is_in(self, content):
        return len(content) == self.size

    def pieces(self, _):
        return []

    def pages(self):
        return ()


def put(content, offset, octets):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(octets)] = octets


class File:
    """What is sure of a file's content, and what was done to it since."""

    def __init__(self):
        self.sure = bytearray()
        self.unsure = []

    def sync(self, covered):
        """A sync that succeeded and began when these changes were complete."""
        certain = [change for change in covered if not change.is_doubtful]
        rewritten = {page for change in certain for page in change.pages()}
        kept = []
        for change in self.unsure:
            if change not in covered:
                kept.append(change)
            elif not change.is_doubtful:
                change.apply(self.sure)
            else:
                kept += self.without(change, rewritten)
        self.unsure = kept

    def without(self, change, rewritten):
        """What stays doubtful of it. A page that was written again reaches the disk whole."""
        for start, octets in change.pieces(PAGE):
            piece = Write(start, octets)
            if start // PAGE in rewritten:
                piece.apply(self.sure)
            else:
                piece.is_complete = piece.is_doubtful = True
                yield piece

    def sync_failed(self, covered):
        for change in covered:
            change.is_doubtful = True

    def settle(self, content):
        """Nothing is under way any more. Of an unfinished change, what took place is complete."""
        kept = []
        for change in self.unsure:
            change.is_complete = change.is_complete or change.is_in(content)
            kept += [change] if change.is_complete else []
        self.unsure = kept

    def content(self, random, mode):
        content = bytearray(self.sure)
        for change in self.unsure:
            if mode == WRITTEN or mode == SOME and random.random() < 0.5:
                change.apply(content)
            elif mode == TORN:
                change.apply(content, lambda: random.random() < 0.5)
        return content


# What became of all that is not sure.
LOST, WRITTEN, SOME, TORN = "lost", "written", "some of it written", "torn"


class Directory:
    """The entries that are sure, and the changes since; a change is (name, file or None) pairs."""

    def __init__(self):
        self.sure, self.now = {}, {}
        self.unsure = []

    def change(self, *pairs):
        self.unsure.append(pairs)
        put_entries(self.now, pairs)

    def sync(self, covered):
        for pairs in covered:
            put_entries(self.sure, pairs)
        self.unsure = [pairs for pairs in self.unsure if pairs not in covered]

    def sync_failed(self, covered):
        pass  # they stay unsure; a later sync of the journal covers them

    def entries(self, random, mode):
        if mode == LOST:
            return self.sure
        count = len(self.unsure) if mode == WRITTEN else random.randint(0, len(self.unsure))
        entries = dict(self.sure)
        for pairs in self.unsure[:count]:
            put_entries(entries, pairs)
        return entries


def put_entries(entries, pairs):
    for name, file in pairs:
        if file is None:
            entries.pop(name, None)
        else:
            entries[name] = file


class Disk:
    """The data directory, its own entry in `parent` included. It is not there at first."""

    def __init__(self, data):
        self.data = data
        self.parent, self.directory = Directory(), Directory()
        self.offsets = {}  # of the descriptors that are written in order
        self.under_way = {}  # by thread: what the end of a call must know of its beginning
        self.syncs = 0

    def follow(self, call):
        """Takes over a call: what it writes from its beginning on, the rest at its end."""
        if call.begins:
            self.under_way[call.thread] = self.begin(call)
        if call.ends:
            end = self.under_way.pop(call.thread, None)
            if end is not None:
                end(call)

    def begin(self, call):
        """A function for the call's end, or None for a call that does not concern the data."""
        if found := SYNC.match(call.text):
            return self.begin_sync(found[1])
        if self.data not in call.text:
            return None
        if found := WRITE.match(call.text):
            file = self.file(found[1])
            return file and self.begin_change(file, Write(int(found[3]), octets(found[2])))
        if found := APPEND.match(call.text):
            return self.begin_append(int(found[1]), self.file(found[2]), octets(found[3]))
        if found := TRUNCATE.match(call.text):
            file = self.file(found[1])
            return file and self.begin_change(file, Truncation(int(found[2])))
        if found := MAP.match(call.text):
            self.check_map(found)
            return None
        if call.name in UNFOLLOWED and any(self.is_data(path) for path in paths_of(call)):
            raise Unfollowed(call.text[:200])
        return self.end_of_naming

    def begin_change(self, file, change):
        file.unsure.append(change)

        def end(call):
            if call.result is None:
                return  # killed in it: `settle` sees what took place
            change.is_complete = True
            if call.result < 0:
                file.unsure.remove(change)

        return end

    def begin_append(self, descriptor, file, written):
        """`lseek` is not followed, so a descriptor is written from its opening on."""
        if file is None:
            return None
        offset = self.offsets.get(descriptor, 0)
        self.offsets[descriptor] = offset + len(written)
        return self.begin_change(file, Write(offset, written))

    def begin_sync(self, path):
        directories = {os.path.dirname(self.data): self.parent, self.data: self.directory}
        synced = directories.get(path) or self.file(path)
        if synced is None:
            return None
        covered = [change for change in synced.unsure
                   if isinstance(synced, Directory) or change.is_complete]  # fmt: skip

        def end(call):
            if call.result is None:
                return
            self.syncs += call.result == 0
            (synced.sync if call.result == 0 else synced.sync_failed)(covered)

        return end

    def check_map(self, found):
        is_written = "PROT_WRITE" in found[1] and "MAP_SHARED" in found[2]
        if is_written and self.is_data(found[3]) and not found[3].endswith("-shm"):
            raise Unfollowed(f"{found[3]} is written through memory")

    def end_of_naming(self, call):
        """A directory's change counts from its end on."""
        if call.result is None or call.result < 0:
            return
        if found := OPEN.match(call.text):
            self.open(os.path.join(found[1], text(found[2])), found[3], call.result)
        elif found := NAMED.match(call.text):
            self.name(call.name, text(found[1]), text(found[2] or ""))
        elif found := NAMED_AT.match(call.text):
            old, new = (os.path.join(found[at] or "", text(found[at + 1] or "")) for at in (1, 3))
            self.name(call.name, old, new)

    def open(self, path, flags, descriptor):
        if not self.is_data(path):
            return
        if "O_APPEND" in flags:
            raise Unfollowed(f"{path} is opened with O_APPEND")
        self.offsets[descriptor] = 0
        name = os.path.basename(path)
        if "O_CREAT" in flags and name not in self.directory.now:
            self.directory.change((name, File()))
        elif "O_TRUNC" in flags:
            self.directory.now[name].unsure.append(Truncation(0))

    def name(self, call, path, other):
        if call.startswith("mkdir") and path == self.data:
            self.parent.change(("data", self.directory))
        elif call.startswith("unlink") and self.is_data(path):
            self.directory.change((os.path.basename(path), None))
        elif call.startswith("rename") and self.is_data(path) and self.is_data(other):
            old, new = os.path.basename(path), os.path.basename(other)
            self.directory.change((old, None), (new, self.directory.now[old]))

    def is_data(self, path):
        return os.path.dirname(path) == self.data

    def file(self, path):
        """An open file; None if it has no name any more."""
        return self.directory.now.get(os.path.basename(path)) if self.is_data(path) else None

    def settle(self, left):
        """The program was killed, and `left` is a copy of what other programs see then: whether a
        call that it was in the middle of took place is seen there. None of it is sure."""
        self.under_way.clear()
        there = set(os.listdir(left))
        for name in self.directory.now.keys() - there:
            self.directory.change((name, None))
        for name in there:
            with open(os.path.join(left, name), "rb") as file:
                content = file.read()
            if name not in self.directory.now:
                self.directory.change((name, File()))
                self.directory.now[name].unsure.append(Write(0, content))
            self.directory.now[name].settle(content)

    @property
    def is_own_entry_sure(self):
        return bool(self.parent.sure)

    def rebuild(self, where, random, mode):
        """Writes a directory as a power cut at this moment may leave it."""
        os.makedirs(where)
        for name, file in self.directory.entries(random, mode).items():
            with open(os.path.join(where, name), "wb") as made:
                made.write(file.content(random, mode))


def paths_of(call):
    return re.findall(FILE, call.text) + [text(string) for string in re.findall(STRING, call.text)]


def octets(string):
    """What strace's string stands for."""
    return codecs.escape_decode(string.encode("latin-1"))[0]


def text(string):
    return octets(string).decode(errors="replace")

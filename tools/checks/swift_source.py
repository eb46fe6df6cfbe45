"""Reads Swift far enough to count: blanks out strings and comments, finds functions."""

import re

DULL = re.compile('[^/"#`()]*')
CLOSER = {"(": ")", "[": "]", "{": "}"}


class Unreadable(Exception):
    """The text does not balance: this reader is wrong about it, or the compiler will refuse it."""

    def __init__(self, line, reason):
        super().__init__(reason)
        self.line = line


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def blank(text):
    """The text, same length and lines, without the contents of comments, strings and backticks.

    Code inside a string's interpolation stays.
    """
    out = list(text)

    def erase(start, end):
        for at in range(start, min(end, len(text))):
            if text[at] != "\n":
                out[at] = " "
        return end

    def comment(start):
        depth, at = 1, start + 2
        while depth and at < len(text):
            pair = text[at : at + 2]
            depth += {"/*": 1, "*/": -1}.get(pair, 0)
            at += 2 if pair in ("/*", "*/") else 1
        return erase(start, at)

    def string(start):
        pounds = re.compile("#*").match(text, start).group()
        at = start + len(pounds)
        quotes = '"""' if text.startswith('"""', at) else '"'
        at, end, escape = at + len(quotes), quotes + pounds, "\\" + pounds
        literal = start
        while not text.startswith(end, at):
            if at >= len(text) or (text[at] == "\n" and len(quotes) == 1):
                raise Unreadable(line_of(text, start), "a string that does not end")
            if text.startswith(escape + "(", at):
                erase(literal, at + len(escape))
                at = literal = code(at + len(escape) + 1, ")")
            elif text.startswith(escape, at):
                at += len(escape) + 1
            else:
                at += 1
        return erase(literal, at + len(end))

    def code(at, closer):
        start, depth = at, 1
        while at < len(text):
            at = DULL.match(text, at).end()
            if at == len(text):
                break
            if text.startswith("//", at):
                at = erase(at, (text.find("\n", at) + 1 or len(text) + 1) - 1)
            elif text.startswith("/*", at):
                at = comment(at)
            elif re.compile('#*"').match(text, at):
                at = string(at)
            elif text.startswith("#/", at):
                end = text.find("/#", at + 2)
                if end < 0:
                    raise Unreadable(line_of(text, at), "a regular expression that does not end")
                at = erase(at, end + 2)
            elif text[at] == "`":
                end = text.find("`", at + 1)
                if end < 0:
                    raise Unreadable(line_of(text, at), "a backtick that does not end")
                out[at : end + 1] = "_" * (end + 1 - at)
                at = end + 1
            else:
                if closer:
                    depth += {"(": 1, ")": -1}.get(text[at], 0)
                    if depth == 0:
                        return at + 1
                at += 1
        if closer:
            raise Unreadable(line_of(text, start), "an interpolation that does not end")
        return at

    code(0, None)
    return "".join(out)


def pairs(blanked):
    """Offset of every opening bracket to that of its closing one."""
    found, open_ones = {}, []
    for at, character in enumerate(blanked):
        if character in "([{":
            open_ones.append(at)
        elif character in ")]}":
            if not open_ones or CLOSER[blanked[open_ones[-1]]] != character:
                raise Unreadable(line_of(blanked, at), f"'{character}' closes nothing")
            found[open_ones.pop()] = at
    if open_ones:
        raise Unreadable(line_of(blanked, open_ones[-1]), "a bracket that does not close")
    return found


# Where a declaration with a parameter list starts; `self.init(` and `init:` are no declarations.
WITH_PARAMETERS = re.compile(
    r"(?<![\w.])(?:func\b\s*(?P<name>[^\s(<]+|<[^\s(]*)|(?:init|subscript)\b[?!]?\s*(?=[<(]))"
)
DEINIT = re.compile(r"(?<![\w.])deinit\b")
VARIABLE = re.compile(r"(?<![\w.])(?<!if )(?<!while )(?<!guard )var\s+(?P<name>\w+)\s*(?=[:{])")
NO_BODY = re.compile(
    r"(?:func|var|let|init|deinit|subscript|case|static|associatedtype|typealias|struct|enum"
    r"|class|actor|extension|protocol|import)\b"
)


def functions(text):
    """(name, first line, line count) of everything that has a body of statements."""
    blanked = blank(text)
    closing = pairs(blanked)
    result = []

    def body(at, one_line):
        while at < len(blanked):
            character = blanked[at]
            if character == "{":
                return at
            if character in "};" or (one_line and character in "=\n"):
                return None
            if character in "([":
                at = closing[at]
            elif re.match(r"\W", blanked[at - 1]) and NO_BODY.match(blanked, at):
                return None
            at += 1
        return None

    def found(match, brace):
        if brace is not None:
            name = match.groupdict().get("name") or match.group().strip()
            first = line_of(blanked, match.start())
            start = match.start("name") if "name" in match.groupdict() else -1
            if start >= 0 and name.startswith("_") and text[start] == "`":
                name = text[start : match.end("name")]
            result.append((name, first, line_of(blanked, closing[brace]) - first + 1))

    for match in WITH_PARAMETERS.finditer(blanked):
        parameters = blanked.find("(", match.end())
        if parameters >= 0:
            found(match, body(closing[parameters] + 1, one_line=False))
    for match in DEINIT.finditer(blanked):
        found(match, body(match.end(), one_line=False))
    for match in VARIABLE.finditer(blanked):
        found(match, body(match.end(), one_line=True))
    return sorted(result, key=lambda function: function[1])

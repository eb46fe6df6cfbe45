"""What schemathesis is told besides the document: rules that no JSON Schema can say, and limits of
time. It imports this file; nothing else does."""

import ipaddress

import schemathesis
from hypothesis import strategies

NAME_OCTETS = 255
ZONE = "mesh.internal."
LONGEST_PREFIX = len("_") + 63 + len("._tcp.")  # of a port; a tag's is no longer
METADATA_OCTETS = 255
SEARCH_OCTETS = 255
NUMBERS = range(-(2**63), 2**64)

# For what has this format besides its pattern; see document.py.
TAGS = strategies.integers(0).map('"{}"'.format) | strategies.integers(0).map('W/"{}"'.format)
schemathesis.openapi.format(
    "entity-tags",
    strategies.just("*") | strategies.lists(TAGS, min_size=1, max_size=3).map(", ".join),
)


@schemathesis.hook
def filter_case(_, case):
    """Leaves out what the document allows member by member, and the server refuses as a whole."""
    registration = case.body if isinstance(case.body, dict) else {}
    return (
        names_fit(case.path_parameters or {}, registration)
        and metadata_fits(registration.get("metadata"))
        and differ(registration.get("ports"), str.lower)
        and differ(registration.get("addresses"), ipaddress.ip_address)
        and numbers_fit(case.body)
        and len(str((case.query or {}).get("search", "")).encode()) <= SEARCH_OCTETS
    )


def names_fit(path, registration):
    """Whether no owner name is longer than a DNS message can hold."""
    if not registration or not isinstance(path.get("service"), str):
        return True
    labels = [path.get("id", "x" * 20), path["service"]]
    return LONGEST_PREFIX + len(".".join(map(str, labels))) + 1 + len(ZONE) < NAME_OCTETS


def metadata_fits(metadata):
    """Whether each key with its value is one string of a TXT record."""
    if not isinstance(metadata, dict):
        return True
    return all(
        len(f"{key}={value}".encode(errors="surrogatepass")) <= METADATA_OCTETS
        for key, value in metadata.items()
    )


def numbers_fit(value):
    """Whether no number is beyond what JSON readers take."""
    if isinstance(value, dict):
        return all(map(numbers_fit, value.values()))
    if isinstance(value, list):
        return all(map(numbers_fit, value))
    return not isinstance(value, int) or value in NUMBERS


def differ(values, read):
    """Whether no two are the same, as the server reads them."""
    try:
        read_values = [read(value) for value in values or []]
    except (TypeError, ValueError):
        return True  # refused for another reason
    return len(set(read_values)) == len(read_values)


@schemathesis.hook
def before_call(_, case, __):
    """No call waits for long: tools/lib/openapi/waits.py looks at those that do."""
    query = case.query
    if not query:
        return
    if case.operation.definition.raw.get("operationId") == "drainInstance":
        if str(query.get("wait")).lower() == "true":
            query["wait"] = "false"
    elif "after" in query or "wait" in query:
        if is_number(query.get("wait", 30), 300):
            # A wait without 'after' is refused, which the document says in words only.
            query.setdefault("after", 0)
            query["wait"] = 0


def is_number(value, limit):
    text = str(value)
    return text.isascii() and text.isdigit() and int(text) <= limit

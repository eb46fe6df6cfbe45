"""The document, read more strictly than clients have to read it."""

import yaml


def read(text):
    """Replies may have no members but those that the document has. Clients are to accept more, so
    that there may be more in a later version, and the document does not forbid it."""
    contract = yaml.safe_load(text)
    close(contract["components"]["responses"])
    for name, schema in contract["components"]["schemas"].items():
        if name != "BulkRegistration":  # is sent, and has the members of another one
            close(schema)
    # Of a header's pattern that letters and digits alone can't match schemathesis makes wrong
    # values that it takes for right ones, but not of a format that it is told how to make.
    contract["components"]["schemas"]["EntityTags"]["format"] = "entity-tags"
    return contract


def close(node):
    if isinstance(node, list):
        for item in node:
            close(item)
    elif isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
        for value in node.values():
            close(value)


def with_tokens(contract):
    """The document of a server where a token is needed, not only possible."""
    contract["security"] = [entry for entry in contract["security"] if entry]
    return contract

"""The queries that stand in the alert rules and in the dashboard, and what files say besides."""

import json
import os

import yaml


def of_rules(path):
    """(where it stands, query) of each rule."""
    return [
        (f"{os.path.basename(path)}: {rule['alert']}", rule["expr"])
        for group in read_yaml(path)["groups"] for rule in group["rules"]
    ]  # fmt: skip


def of_dashboard(path):
    """(where it stands, query) of each panel's lines and of the annotations."""
    dashboard = read_json(path)
    name = os.path.basename(path)
    queries = [
        (f"{name}: {panel['title']}, {target['legendFormat'] or target['refId']}", target["expr"])
        for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]  # fmt: skip
    return queries + [
        (f"{name}: annotation {each['name']}", each["expr"])
        for each in dashboard["annotations"]["list"]
    ]


def untested_alerts(rules, tests):
    """Alerts of which no test says that they fire. That one is silent is in each test: its expected
    samples are all that there are."""
    tested = {
        "".join(sample["labels"].split())
        for group in read_yaml(tests)["tests"] for case in group["promql_expr_test"]
        for sample in case["exp_samples"]
    }  # fmt: skip
    for group in read_yaml(rules)["groups"]:
        for rule in group["rules"]:
            name, severity = rule["alert"], rule["labels"]["severity"]
            if severity not in ("critical", "warning"):
                yield f"{name}: '{severity}' is no severity"
            if not {"summary", "description"} <= rule["annotations"].keys():
                yield f"{name}: has no summary or no description"
            start = f'ALERTS{{alertname="{name}",alertstate="firing",severity="{severity}"'
            if not any(labels.startswith(start) for labels in tested):
                yield f"{name}: no test in {os.path.basename(tests)} has it fire"


def layout_mistakes(path):
    """Panels of the dashboard that lie on one another or share a number."""
    taken, numbers = {}, set()
    for panel in read_json(path)["panels"]:
        if panel["id"] in numbers:
            yield f"{os.path.basename(path)}: two panels have the id {panel['id']}"
        numbers.add(panel["id"])
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{os.path.basename(path)}: '{panel['title']}' is wider than the page"
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                if other != panel["title"]:
                    yield f"{os.path.basename(path)}: '{panel['title']}' lies on '{other}'"
                    return


def read_yaml(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)

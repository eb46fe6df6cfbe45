// What has changed last, newest first.

import { byID, element, show } from "./elements.js";

const LIMIT = 100;

const WORDS = {
  "registered": "registered", "replaced": "changed", "draining": "begins to drain",
  "drained": "drained and gone", "deregistered": "deregistered", "expired": "lease ended",
  "service-configured": "settings changed", "service-removed": "service removed",
  "held": "held though leases have ended", "reset": "Changes were missed here.",
};

export class ChangesList {
  #list = byID("changes");
  /** Those that came since the last frame, oldest first. */
  #waiting = [];

  add(event) {
    // What a hidden or busy page gets at once is more than it ever shows.
    if (this.#waiting.length === 0) requestAnimationFrame(() => this.#show());
    this.#waiting.push({ ...event, seen: new Date() });
    if (this.#waiting.length > LIMIT) this.#waiting.shift();
  }

  clear() {
    this.#waiting.length = 0;
    this.#list.replaceChildren();
    show(byID("changes-note"), true);
  }

  #show() {
    this.#list.prepend(...this.#waiting.splice(0).reverse().map(entry));
    while (this.#list.children.length > LIMIT) this.#list.lastElementChild.remove();
    show(byID("changes-note"), this.#list.children.length === 0);
  }
}

function entry(event) {
  const time = event.isPast ? element("span", { class: "time muted" }, "earlier")
    : element("time", { class: "time", datetime: event.seen.toISOString() },
      event.seen.toLocaleTimeString([], { hourCycle: "h23" }));
  return element("li", { "data-kind": event.kind, class: event.isPast ? "past" : "fresh" },
    time, ...(event.kind === "reset" ? [words(event)] : [subject(event), words(event)]));
}

function subject({ service, id }) {
  const link = element("a", { href: `#/services/${encodeURIComponent(service)}` }, service);
  return element("span", { class: "subject" }, link, ...(id ? [" / ", id] : []));
}

function words({ kind, instance }) {
  // The instance is as it is now; what it became then may be over.
  const text = kind === "status-changed" ? `is ${instance?.status ?? "of another status"}`
    : WORDS[kind] ?? kind;
  return element("span", { class: "what" }, text);
}

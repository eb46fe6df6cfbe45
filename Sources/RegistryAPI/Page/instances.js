// The instances of one service, a page at a time.

import { API } from "./api.js";
import { announce, byID, counted, element, fill, setText, show } from "./elements.js";
import { leaseEnd, leaseView } from "./lease.js";
import { Refresh } from "./refresh.js";

const PAGE = 100;
const PAUSE = 500; // milliseconds between two readings
const TICK = 500; // milliseconds between two looks at the leases
// Renewals are no events, so the page is read again at a sixth of the shortest lease.
const [LEAST_WAIT, MOST_WAIT] = [1_000, 10_000];
const [SHOWN_ADDRESSES, SHOWN_PORTS, SHOWN_TAGS] = [3, 3, 4];

export class InstancesTable {
  #api;
  #onProblem;
  #onOpen;
  #onRead;
  #service = null;
  #tag = "";
  /** Of the pages up to this one; the first has none. */
  #cursors = [null];
  #next = null;
  #shown = [];
  #timer = null;
  #refresh = new Refresh(PAUSE, () => this.#load());
  #rows = byID("instances");
  #note = byID("instances-note");
  #search = byID("instances-search");
  #status = byID("instances-status");

  /**
   * @param onOpen is told which instance somebody wants to see whole
   * @param onRead is told what was read
   */
  constructor(api, onProblem, onOpen, onRead) {
    this.#api = api;
    this.#onProblem = onProblem;
    this.#onOpen = onOpen;
    this.#onRead = onRead;
    this.#search.addEventListener("input", () => this.#filter());
    this.#status.addEventListener("change", () => this.#filter());
    byID("instances-tag").addEventListener("click", () => this.#filter(""));
    byID("page-after").addEventListener("click", () => this.#turn([...this.#cursors, this.#next]));
    byID("page-before").addEventListener("click", () => this.#turn(this.#cursors.slice(0, -1)));
    setInterval(() => this.#tick(), TICK);
  }

  get service() { return this.#service; }

  reload() { if (this.#service !== null) this.#refresh.now(); }

  noteChange(event) {
    if (event.service.toLowerCase() === this.#service?.toLowerCase()) this.#refresh.request();
  }

  /** @param service null shows none */
  select(service) {
    if (service === this.#service) return;
    this.#service = service;
    this.#search.value = this.#status.value = this.#tag = "";
    this.clear();
    setText(byID("instances-title"), service ?? "Instances");
    if (service !== null) this.#filter("");
  }

  clear() {
    this.#rows.replaceChildren();
    this.#note.replaceChildren();
    this.#shown = [];
    setText(byID("instances-summary"), "");
    show(byID("pages"), false);
  }

  #filter(tag = this.#tag) {
    this.#tag = tag;
    const chip = byID("instances-tag");
    show(chip, tag !== "");
    setText(chip, `${tag} ✕`);
    chip.setAttribute("aria-label", `Show instances without the tag ${tag}, too`);
    this.#turn([null]);
  }

  #turn(cursors) {
    this.#cursors = cursors;
    this.#rows.closest(".scroll").scrollTop = 0;
    this.#refresh.now();
  }

  get #wanted() {
    return {
      service: this.#service, limit: PAGE, cursor: this.#cursors.at(-1),
      search: this.#search.value.trim(), status: this.#status.value, tag: this.#tag,
    };
  }

  async #load() {
    clearTimeout(this.#timer);
    const wanted = this.#wanted;
    if (wanted.service === null) return;
    const { service, ...parameters } = wanted;
    try {
      const page = await this.#api.get(API.instancesPath(service), parameters);
      // Somebody may have gone on meanwhile.
      if (JSON.stringify(wanted) !== JSON.stringify(this.#wanted)) return this.#refresh.now();
      this.#show(page, wanted);
      this.#planNext();
    } catch (problem) {
      if (service !== this.#service) return;
      if (problem.status === 404) this.clear();
      this.#onProblem(problem, this.#note);
    }
  }

  #show(page, wanted) {
    this.#shown = page.instances;
    this.#next = page.next_cursor;
    fill(this.#rows, page.instances, (one) => one.id, (one) => this.#row(one.id));
    this.#tick();
    this.#onRead(page.instances);
    const isFiltered = wanted.search + wanted.status + wanted.tag !== "";
    const summary = `${counted(page.instance_count, "instance")}, `
      + `${page.live_count.toLocaleString()} live`;
    setText(byID("instances-summary"), summary);
    this.#showPages(page, isFiltered);
    const isEmpty = page.instances.length === 0;
    this.#note.replaceChildren(...(isEmpty ? [isFiltered ? "No instance is like that."
      : "The service has no instance."] : []));
    if (isFiltered) announce(`${counted(page.instances.length, "instance")} on this page`);
  }

  #showPages(page, isFiltered) {
    const isFirst = this.#cursors.length === 1;
    show(byID("pages"), !isFirst || this.#next !== null);
    byID("page-before").disabled = isFirst;
    byID("page-after").disabled = this.#next === null;
    const first = (this.#cursors.length - 1) * PAGE + 1;
    const last = first + page.instances.length - 1;
    setText(byID("page-range"), `${first.toLocaleString()}–${last.toLocaleString()}`
      + (isFiltered ? "" : ` of ${page.instance_count.toLocaleString()}`));
  }

  #planNext() {
    const now = this.#api.clock.now();
    const waits = this.#shown.filter((one) => leaseEnd(one) !== null).map((one) =>
      Math.min((one.lease_seconds ?? 60) * 1_000 / 6, Math.max(0, leaseEnd(one) - now)));
    if (waits.length === 0) return;
    const wait = Math.min(Math.max(LEAST_WAIT, Math.min(...waits)), MOST_WAIT);
    this.#timer = setTimeout(() => { if (!document.hidden) this.#refresh.request(); }, wait);
  }

  #tick() {
    if (document.hidden) return;
    const now = this.#api.clock.now();
    for (const row of this.#rows.children) row.lease.tick(now);
  }

  // Rows

  #row(id) {
    const [status, address, port, tags] = ["status", "address", "port", "tags"].map((name) =>
      element("td", { role: "cell", class: name }));
    const lease = leaseView();
    const open = element("button", { type: "button", class: "open" }, id);
    const row = element("tr", { role: "row", click: (event) => {
      // Somebody may be copying an address.
      if (!getSelection().isCollapsed) return;
      if (event.target.closest("button") === null || event.target === open) this.#onOpen(current);
    } },
    element("th", { role: "rowheader", scope: "row", class: "id" }, open), status,
    element("td", { role: "cell", class: "remaining" }, lease), address, port, tags);
    let current;
    let text;
    row.lease = lease;
    row.update = (instance) => {
      current = instance;
      lease.update(instance);
      const { renewed_at: _, expires_at: __, ...lasting } = instance;
      if (text === JSON.stringify(lasting)) return;
      text = JSON.stringify(lasting);
      status.replaceChildren(element("span", { class: "state", "data-state": instance.status },
        instance.status));
      address.replaceChildren(...some(instance.addresses, SHOWN_ADDRESSES, (one) =>
        element("span", {}, one)));
      port.replaceChildren(...some(portTexts(instance), SHOWN_PORTS, (one) =>
        element("span", {}, one)));
      tags.replaceChildren(...some(instance.tags, SHOWN_TAGS, (tag) =>
        element("button", { type: "button", class: "chip", click: () => this.#filter(tag),
          "aria-label": `Only instances with the tag ${tag}` }, tag)));
    };
    return row;
  }
}

/** "8080", "grpc 9090", "dns 53/udp". */
export function portTexts({ port, ports, protocol }) {
  const text = (number, transport) => transport === "tcp" ? `${number}` : `${number}/${transport}`;
  return [
    ...(port === null ? [] : [text(port, protocol)]),
    ...Object.entries(ports).map(([name, one]) => `${name} ${text(one.port, one.protocol)}`),
  ];
}

function some(items, limit, make) {
  const rest = items.length - limit;
  return [...items.slice(0, limit).map(make),
    ...(rest > 0 ? [element("span", { class: "muted" }, `and ${rest} more`)] : [])];
}

// The list of services: searched by the server, read again when something changes.

import { announce, byID, counted, element, fill, setText, show } from "./elements.js";
import { Refresh } from "./refresh.js";

const PAGE = 200;
const LIMIT = 10_000; // of what the server shows at once; more is found by searching
const PAUSE = 1_000; // milliseconds between two readings of the list

export class ServicesList {
  #api;
  #onProblem;
  #selected = null;
  #limit = PAGE;
  #refresh = new Refresh(PAUSE, () => this.#load());
  #list = byID("services");
  #search = byID("services-search");
  #note = byID("services-note");

  constructor(api, onProblem) {
    this.#api = api;
    this.#onProblem = onProblem;
    this.#search.addEventListener("input", () => {
      this.#limit = PAGE;
      this.#refresh.now();
    });
    byID("services-more").addEventListener("click", () => {
      this.#limit += PAGE;
      this.#refresh.now();
    });
    this.#search.addEventListener("keydown", (event) => this.#leaveSearch(event));
    this.#list.addEventListener("keydown", (event) => this.#moveFocus(event));
  }

  reload() { this.#refresh.now(); }
  noteChange() { this.#refresh.request(); }
  focusSearch() { this.#search.focus(); this.#search.select(); }

  clear() {
    this.#list.replaceChildren();
    show(byID("services-more"), false);
    this.#note.replaceChildren();
    setText(byID("services-count"), "");
  }

  select(service) {
    this.#selected = service;
    for (const row of this.#list.children) row.markSelected();
  }

  async #load() {
    const search = this.#search.value.trim();
    try {
      const page = await this.#api.get("/v1/services", { limit: this.#limit, search });
      // What was typed meanwhile is asked for next.
      if (search !== this.#search.value.trim()) return this.#refresh.now();
      this.#show(page, search);
    } catch (problem) {
      this.#onProblem(problem, this.#note);
    }
  }

  #show({ services, next_cursor: next }, search) {
    fill(this.#list, services, (service) => service.name, (service) => this.#row(service.name));
    const count = `${services.length.toLocaleString()}${next ? "+" : ""}`;
    if (byID("services-count").textContent !== count && search) {
      announce(`${counted(services.length, "service")} found`);
    }
    setText(byID("services-count"), count);
    show(byID("services-more"), next !== null && this.#limit < LIMIT);
    const nothing = search ? `No service has “${search}” in its name.` : gettingStarted();
    this.#note.replaceChildren(...(services.length === 0 ? [nothing] : []));
  }

  #row(name) {
    const figures = element("span");
    const count = element("span", { class: "count" }, figures,
      element("span", { class: "unseen" }, " live"));
    const row = element("li", {},
      element("a", { href: `#/services/${encodeURIComponent(name)}` },
        element("span", { class: "name" }, name), count));
    const link = row.firstElementChild;
    row.markSelected = () => {
      if (name.toLowerCase() === this.#selected?.toLowerCase()) {
        link.setAttribute("aria-current", "page");
      } else {
        link.removeAttribute("aria-current");
      }
    };
    row.update = ({ instance_count: all, live_count: live }) => {
      setText(figures, live === all ? `${all.toLocaleString()}`
        : `${live.toLocaleString()} of ${all.toLocaleString()}`);
      count.dataset.state = all === 0 ? "empty" : live === 0 ? "bad" : live < all ? "some" : "good";
    };
    row.markSelected();
    return row;
  }

  // By keyboard

  #leaveSearch(event) {
    const first = this.#list.querySelector("a");
    if (event.key === "ArrowDown" && first) {
      event.preventDefault();
      first.focus();
    } else if (event.key === "Enter" && first) {
      first.click();
    } else if (event.key === "Escape" && this.#search.value !== "") {
      // A search field empties itself without telling in some browsers.
      this.#search.value = "";
      this.#refresh.now();
    }
  }

  #moveFocus(event) {
    const row = event.target.closest("li");
    const places = {
      ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling,
      Home: this.#list.firstElementChild, End: this.#list.lastElementChild,
    };
    if (!(event.key in places)) return;
    event.preventDefault();
    if (event.key === "ArrowUp" && !places.ArrowUp) return this.#search.focus();
    places[event.key]?.querySelector("a").focus();
  }
}

/** How to come by a first service. */
function gettingStarted() {
  return element("div", { class: "start" },
    element("h3", {}, "Nothing is registered yet"),
    element("p", {}, "Register a first instance; it appears here at once:"),
    element("pre", {}, "curl -X PUT --json '{\"port\": 8080}' \\\n"
      + `${location.origin}/v1/services/web/instances/web-1`));
}

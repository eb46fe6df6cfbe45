// The web page: its parts, what they tell each other, and what the address bar asks for.

import { API } from "./api.js";
import { ChangesList } from "./changes.js";
import { Details } from "./details.js";
import { announce, byID, element, notice, setText } from "./elements.js";
import { EventStream } from "./event-stream.js";
import { InstancesTable } from "./instances.js";
import { ServerStatus } from "./status.js";
import { ServicesList } from "./services.js";
import { followTheme } from "./theme.js";
import { TokenDialog } from "./token-dialog.js";

const api = new API();
const status = new ServerStatus(api);
const changes = new ChangesList();
const services = new ServicesList(api, showProblem);
const instances = new InstancesTable(api, showProblem, (instance) => details.open(instance),
  (all) => details.noteAll(all));
const details = new Details(api, showProblem, reload);
const stream = new EventStream(api, take, showConnection);
const tokenDialog = new TokenDialog(api, beginAnew);

followTheme();
followAddress();
followKeys();
followVisibility();
closeDialogs();
beginAnew();

// What the server tells

function take(event) {
  if (event.revision) status.noteRevision(event.revision);
  changes.add(event);
  if (event.kind === "reset") return reload();
  if (event.isPast) return;
  services.noteChange();
  instances.noteChange(event);
  details.noteChange(event);
}

/** Reads everything again. */
function reload() {
  services.reload();
  instances.reload();
}

/** As somebody else, or for the first time. */
function beginAnew() {
  changes.clear();
  services.clear();
  instances.clear();
  stream.restart();
  status.ask();
  reload();
}

// The connection

let countdown = null;

function showConnection(state, problem = null, retryAt = null) {
  clearInterval(countdown);
  const sign = byID("connection");
  sign.dataset.state = state === "live" ? "good" : "bad";
  setText(sign, { live: "Live", lost: "No connection", refused: "No access" }[state]);
  if (state === "live") {
    if (byID("banner").hasChildNodes()) announce("The connection is there again.");
    byID("banner").replaceChildren();
    status.noteRevision(stream.revision);
    status.ask().then(offerUpgrade);
    reload();
  } else if (state === "refused") {
    byID("banner").replaceChildren();
    tokenDialog.open(problem);
  } else {
    showLoss(problem, retryAt);
  }
}

function showLoss(problem, retryAt) {
  status.ask();
  const when = element("span", { "aria-hidden": "true" });
  const tell = () => setText(when,
    `Trying again in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1_000))} s.`);
  tell();
  countdown = setInterval(tell, 250);
  const retry = element("button", { type: "button", click: () => stream.hurry() }, "Try now");
  byID("banner").replaceChildren(element("p", { class: "notice bad" },
    element("strong", {}, problem.title), " What is shown may be out of date. ", when, retry));
}

/** This page may be an older program's than the one that now replies. */
function offerUpgrade() {
  if (!status.isUpgraded) return;
  const load = element("button", { type: "button", click: () => location.reload() }, "Load it");
  byID("banner").replaceChildren(element("p", { class: "notice" },
    "The server was upgraded and has a newer page. ", load));
}

/** @param place where the list would be that could not be read */
function showProblem(problem, place = null) {
  // Of a server that can't be reached the banner tells.
  if (problem.status === 0) return;
  place?.replaceChildren(problem.status === 401 ? "A token is needed." : notice(problem));
  if (problem.status === 401) tokenDialog.open(problem);
}

// What somebody wants to see

/** `#/` the services, `#/changes`, or `#/services/NAME`. */
function followAddress() {
  const follow = () => {
    const [, view = "", name = ""] = location.hash.split("/");
    // Other fragments are places within the page.
    if (location.hash !== "" && !location.hash.startsWith("#/")) return;
    let service = null;
    try {
      if (view === "services" && name !== "") service = decodeURIComponent(name);
    } catch {
      // No name can be written like that.
    }
    document.body.dataset.view = service !== null ? "instances" : view === "changes" ? "changes"
      : "services";
    document.title = service !== null ? `${service} · Rollcall` : "Rollcall";
    services.select(service);
    instances.select(service);
    for (const link of document.querySelectorAll(".tabs a")) {
      const isHere = link.hash === "#/changes" ? view === "changes" : view !== "changes";
      link.toggleAttribute("aria-current", isHere);
    }
  };
  addEventListener("hashchange", () => {
    follow();
    if (instances.service !== null) byID("instances-title").focus({ preventScroll: true });
  });
  follow();
}

/** A slash leads to the search, as on many pages. */
function followKeys() {
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, dialog") !== null;
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    services.focusSearch();
  });
}

/**
 * A page that nobody sees holds no connection, of which a browser has six for all its tabs. Nothing
 * is missed: the stream is resumed.
 */
function followVisibility() {
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stream.stop();
    else stream.start();
  });
  addEventListener("online", () => stream.hurry());
}

function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      // Its backdrop, or a button for it.
      if (event.target === dialog || event.target.closest(".close")) dialog.close();
    });
  }
}

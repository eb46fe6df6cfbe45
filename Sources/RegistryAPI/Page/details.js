// One instance as a whole, and what can be done with it.

import { API } from "./api.js";
import { announce, byID, element, notice, setText, show } from "./elements.js";
import { portTexts } from "./instances.js";
import { leaseView } from "./lease.js";

export class Details {
  #api;
  #onDone;
  #onProblem;
  #instance = null;
  #lease = leaseView();
  #renewed = element("span");
  #dialog = byID("details");
  #confirmation = byID("confirmation");
  #action = null;

  /** @param onDone is called when something was changed */
  constructor(api, onProblem, onDone) {
    this.#api = api;
    this.#onProblem = onProblem;
    this.#onDone = onDone;
    byID("drain").addEventListener("click", () => this.#ask(this.#drain));
    byID("deregister").addEventListener("click", () => this.#ask(this.#deregister));
    byID("confirm").addEventListener("click", () => this.#carryOut());
    setInterval(() => this.#tick(), 500);
  }

  open(instance) {
    this.#instance = null;
    this.#note(instance);
    this.#dialog.showModal();
  }

  /** Follows the instance that is shown. */
  noteChange({ service, id, instance }) {
    if (!this.#isShown({ service, id })) return;
    if (instance) return this.#note(instance);
    if (this.#confirmation.open) return;
    this.#dialog.close();
    announce(`${id} is gone`);
  }

  /** The instances as they were just read, of which one may be shown. */
  noteAll(instances) {
    const found = instances.find((instance) => this.#isShown(instance));
    if (found) this.#note(found);
  }

  #isShown({ service, id }) {
    return this.#dialog.open && service === this.#instance.service && id === this.#instance.id;
  }

  /** Only what is another one is written anew: somebody may be copying text. */
  #note(instance) {
    const isOther = instance.revision !== this.#instance?.revision;
    this.#instance = instance;
    this.#lease.update(instance);
    this.#tick();
    setText(this.#renewed, moment(instance.renewed_at));
    if (!isOther) return;
    setText(byID("details-title"), instance.id);
    byID("details-facts").replaceChildren(...this.#facts().flatMap(
      ([name, ...values]) => [element("dt", {}, name),
        ...values.map((value) => element("dd", {}, value))]));
    show(byID("drain"), instance.status !== "draining");
  }

  /** Names and values, in the order in which somebody looks for them. */
  #facts() {
    const instance = this.#instance;
    const { names, metadata, status } = instance;
    return [
      ["Service", instance.service],
      ["Status", element("span", { class: "state", "data-state": status }, status)],
      ["Lease", this.#lease],
      ["Addresses", ...instance.addresses],
      ...list("Ports", portTexts(instance)),
      ...list("Tags", instance.tags.length > 0 ? [instance.tags.join(", ")] : []),
      ["Weight, priority", `${instance.weight}, ${instance.priority}`],
      ["Name", names.host],
      ...list("SRV", names.srv),
      ...list("Metadata", Object.entries(metadata).map(([key, value]) => `${key} = ${value}`)),
      ["Registered", moment(instance.registered_at)],
      ["Renewed", this.#renewed],
      ["Revision", `${instance.revision}`],
    ];
  }

  #tick() {
    if (this.#instance) this.#lease.tick(this.#api.clock.now());
  }

  get #drain() {
    const { service, id } = this.#instance;
    return {
      title: `Drain ${id}?`, verb: "Drain", kind: "primary", done: `${id} drains`,
      text: `No answer for ${service} has it from now on. Its own name stays until no client can `
        + "know of it any more; then it is removed.",
      call: () => this.#api.send("POST", `${API.instancePath(service, id)}/drain`),
    };
  }

  get #deregister() {
    const { service, id, revision } = this.#instance;
    return {
      title: `Deregister ${id}?`, verb: "Deregister", kind: "danger",
      done: `${id} is deregistered`,
      text: `It leaves ${service} at once, its own name too. Clients that were just told of it may `
        + "still connect; draining avoids that. If it runs, it may register again.",
      // Only what is shown, not what has taken its place meanwhile.
      call: () => this.#api.send("DELETE", API.instancePath(service, id),
        { "If-Match": `"${revision}"` }),
    };
  }

  #ask(action) {
    this.#action = action;
    setText(byID("confirmation-title"), action.title);
    setText(byID("confirmation-text"), action.text);
    setText(byID("confirm"), action.verb);
    byID("confirm").className = action.kind;
    byID("confirmation-problem").replaceChildren();
    this.#confirmation.showModal();
  }

  async #carryOut() {
    const button = byID("confirm");
    button.disabled = true;
    try {
      await this.#action.call();
      this.#confirmation.close();
      this.#dialog.close();
      announce(this.#action.done);
      this.#onDone();
    } catch (problem) {
      byID("confirmation-problem").replaceChildren(notice(problem));
      if (problem.status === 401) this.#onProblem(problem);
    } finally {
      button.disabled = false;
    }
  }
}

const moment = (text) => new Date(text).toLocaleString();

function list(name, values) {
  return values.length > 0 ? [[name, ...values]] : [];
}

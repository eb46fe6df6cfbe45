// What the page says of the server as a whole: its version, whether it is ready.

import { byID, notice, setText } from "./elements.js";

const PERIOD = 10_000; // milliseconds between two questions

export class ServerStatus {
  #api;
  #version = null;
  #revision = 0;
  #problem = null;
  /** Whether another program replies than the one that this page is from. */
  isUpgraded = false;

  constructor(api) {
    this.#api = api;
    setInterval(() => { if (!document.hidden) this.ask(); }, PERIOD);
  }

  async ask() {
    try {
      const { version } = await this.#api.get("/healthz");
      setText(byID("version"), version);
      this.#version ??= version;
      this.isUpgraded = version !== this.#version;
      await this.#api.get("/readyz");
      this.#show("good", "Ready");
    } catch (problem) {
      if (problem.status === 0) this.#show("waiting", "Unknown");
      else this.#show("bad", "Not ready", problem);
    }
  }

  noteRevision(revision) {
    this.#revision = Math.max(this.#revision, revision);
    setText(byID("revision"), this.#revision.toLocaleString());
  }

  #show(state, text, problem = null) {
    byID("readiness").dataset.state = state;
    setText(byID("readiness"), text);
    // Told once, not with each question.
    if (this.#problem?.detail === problem?.detail) return;
    this.#problem = problem;
    byID("unready").replaceChildren(...(problem ? [notice(problem)] : []));
  }
}

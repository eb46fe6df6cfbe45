// The HTTP API as the page calls it, with the token that somebody may have typed in.

const TIMEOUT = 15_000; // milliseconds for a whole reply
const KEPT = "rollcall-token";

/** What a call did not succeed for: the server's problem document (RFC 9457), or no reply. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail);
    this.status = status;
    this.title = document.title ?? `The server replied with ${status}.`;
    this.detail = document.detail ?? "";
    this.field = document.field;
    /** Seconds after which the server wants to be asked again. */
    this.retryAfter = null;
  }

  static unreachable = () => new Problem(0, {
    title: "The server can't be reached.", detail: "Is it running, and the network in order?",
  });

  static async of(response) {
    let document = {};
    try {
      const body = await response.json();
      if (typeof body?.title === "string") document = body;
    } catch {
      // Whoever replied is no Rollcall; the status has to do.
    }
    const problem = new Problem(response.status, document);
    problem.retryAfter = Number(response.headers.get("Retry-After")) || null;
    return problem;
  }
}

/** Calls to the server that the page came from. */
export class API {
  #token = sessionStorage.getItem(KEPT);
  clock = new ServerClock();

  get hasToken() { return this.#token !== null; }

  /** From the next call on; null is none. It is never part of a URL. */
  setToken(token, isKept) {
    this.#token = token;
    if (token !== null && isKept) sessionStorage.setItem(KEPT, token);
    else sessionStorage.removeItem(KEPT);
  }

  /** The reply's object. */
  async get(path, parameters = {}, signal = undefined) {
    const query = new URLSearchParams(
      Object.entries(parameters).filter(([, value]) => value !== null && value !== ""));
    // In a query the API takes a plus sign for what it is.
    const text = query.toString().replaceAll("+", "%20");
    const response = await this.call(text ? `${path}?${text}` : path, {
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT), ...(signal ? [signal] : [])]),
    });
    return response.json().catch(() => { throw Problem.unreachable(); });
  }

  /** Changes something. */
  async send(method, path, headers = {}) {
    await this.call(path, { method, headers, signal: AbortSignal.timeout(TIMEOUT) });
  }

  /** @throws Problem, or AbortError where the caller's signal ended it */
  async call(path, options) {
    const headers = { ...options.headers };
    if (this.#token !== null) headers.Authorization = `Bearer ${this.#token}`;
    const sent = Date.now();
    let response;
    try {
      response = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw Problem.unreachable();
    }
    this.clock.note(Date.parse(response.headers.get("Date")), sent, Date.now());
    if (!response.ok) throw await Problem.of(response);
    return response;
  }

  static instancePath(service, id) {
    return `${API.instancesPath(service)}/${encodeURIComponent(id)}`;
  }

  static instancesPath(service) {
    return `/v1/services/${encodeURIComponent(service)}/instances`;
  }
}

/**
 * The server's clock, by which leases end.
 *
 * A reply's Date bounds how far it is from this machine's: whole seconds, up to one old. Within the
 * bounds of all replies the clocks are taken to be equal.
 */
class ServerClock {
  #least = -Infinity;
  #most = Infinity;

  note(date, sent, received) {
    if (Number.isNaN(date)) return;
    const [least, most] = [date - received, date + 2_000 - sent];
    this.#least = Math.max(this.#least, least);
    this.#most = Math.min(this.#most, most);
    // One of the clocks was set.
    if (this.#least > this.#most) [this.#least, this.#most] = [least, most];
  }

  now() {
    return Date.now() + Math.min(Math.max(0, this.#least), this.#most);
  }
}

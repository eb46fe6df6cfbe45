// The server's events as they happen: read, resumed after a break, begun with what was before.

const PAST = 50; // revisions before the page was opened whose events are asked for
const SILENCE = 40_000; // milliseconds; the server sends something every 15 s
const [FIRST_PAUSE, LONGEST_PAUSE] = [500, 15_000];

/**
 * Follows `GET /v1/events`. Not by EventSource, which could send the token in a URL only.
 *
 * It tells `onState` "live", "lost" (with the problem and when it tries again) and "refused" (a
 * token is needed: it has stopped), and `onEvent` each event with `isPast` for those from before.
 */
export class EventStream {
  #api;
  #onEvent;
  #onState;
  #running = null;
  /** What ends the pause before the next attempt. */
  #wake = () => {};
  /** Of what was seen last; what follows is still to come. */
  #lastID = null;
  /** The revision at which the page was opened. */
  #beginning = null;
  /** Where what was before that is to be read from; null: it was, or there is nothing. */
  #past = null;
  #pause = FIRST_PAUSE;

  constructor(api, onEvent, onState) {
    this.#api = api;
    this.#onEvent = onEvent;
    this.#onState = onState;
  }

  /** Goes on where it was. */
  start() {
    if (this.#running) return;
    this.#running = new AbortController();
    this.#follow(this.#running);
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
    this.#wake();
  }

  /** Begins anew, as somebody else. */
  restart() {
    this.stop();
    this.#lastID = this.#beginning = this.#past = null;
    if (!document.hidden) this.start();
  }

  /** Of the last event that was seen, or of the beginning. */
  get revision() { return this.#lastID ?? 0; }

  /** Tries now what it would try later. */
  hurry() {
    this.#wake();
  }

  async #follow(running) {
    while (!running.signal.aborted) {
      let problem;
      try {
        await this.#read(running.signal);
        problem = { title: "The server has ended the stream of events.", detail: "" };
      } catch (error) {
        if (running.signal.aborted) return;
        this.#past = null;
        problem = error;
      }
      if (this.#past !== null) continue;
      if (problem.status === 401 || problem.status === 403) {
        this.#running = null;
        return this.#onState("refused", problem);
      }
      const pause = Math.max((problem.retryAfter ?? 0) * 1_000, this.#nextPause());
      this.#onState("lost", problem, Date.now() + pause);
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, pause);
      });
    }
  }

  /** Longer each time, and not the same for all who lost the same server. */
  #nextPause() {
    const pause = this.#pause * (0.75 + Math.random() / 2);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    return pause;
  }

  async #read(signal) {
    const silence = new AbortController();
    const headers = { Accept: "text/event-stream" };
    const resumed = this.#past ?? this.#lastID;
    if (resumed !== null) headers["Last-Event-ID"] = `${resumed}`;
    const watch = () => setTimeout(() => silence.abort(), SILENCE);
    let timer = watch();
    try {
      const response = await this.#api.call("/v1/events", {
        headers, signal: AbortSignal.any([signal, silence.signal]),
      }).catch((error) => { throw silence.signal.aborted ? lost() : error; });
      // Of the past a reset would only say that it can't be told.
      let ignoresReset = this.#past !== null;
      this.#past = null;
      if (resumed !== null) this.#becomeLive();
      const parser = new EventParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      while (true) {
        const { done, value } = await reader.read().catch(() => { throw lost(); });
        if (done) return;
        clearTimeout(timer);
        timer = watch();
        for (const event of parser.add(value)) {
          if (event.kind === "reset" && ignoresReset) continue;
          this.#take(event);
          ignoresReset = false;
        }
        if (this.#past !== null) return void reader.cancel();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #becomeLive() {
    this.#pause = FIRST_PAUSE;
    this.#onState("live");
  }

  #take({ id, kind, data }) {
    if (kind === null) {
      // The beginning of a stream that resumes nothing.
      this.#lastID = this.#beginning = id;
      if (id > 0) this.#past = Math.max(0, id - PAST);
      else this.#becomeLive();
      return;
    }
    const isPast = id !== null && id <= this.#beginning && kind !== "reset";
    if (id !== null && !isPast) this.#lastID = id;
    // A server that runs on a backup has gone back.
    if (kind === "reset") this.#beginning = Math.min(this.#beginning, id);
    this.#onEvent({ ...data, kind, isPast });
  }
}

const lost = () => ({ title: "The connection to the server is lost.", detail: "" });

/** Takes a stream's text apart (HTML standard, section 9.2.6), as the server writes it. */
class EventParser {
  #rest = "";

  /** The events that are whole with this text. */
  add(text) {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop();
    return blocks.map(EventParser.#event).filter((event) => event !== null);
  }

  static #event(block) {
    const fields = new Map(block.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
    }));
    const id = fields.has("id") ? Number(fields.get("id")) : null;
    const kind = fields.get("event") ?? null;
    if (kind === null && id === null) return null;
    return { id, kind, data: fields.has("data") ? JSON.parse(fields.get("data")) : {} };
  }
}

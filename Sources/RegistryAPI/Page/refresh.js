// Reading something again, however often it is asked for.

/** Does one thing at a time, and not again sooner than a pause after its beginning. */
export class Refresh {
  #action;
  #pause;
  #isWanted = false;
  #isRunning = false;
  #notBefore = 0;
  #timer = null;

  /** @param pause milliseconds; or three times what the action took, if that is longer */
  constructor(pause, action) {
    this.#pause = pause;
    this.#action = action;
  }

  /** Soon: together with whatever else asks for it meanwhile. */
  request() {
    this.#isWanted = true;
    this.#plan();
  }

  /** At once, if it is not under way. */
  now() {
    this.#notBefore = 0;
    this.request();
  }

  #plan() {
    if (this.#isRunning || !this.#isWanted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), Math.max(0, this.#notBefore - Date.now()));
  }

  async #run() {
    const begun = Date.now();
    this.#isWanted = false;
    this.#isRunning = true;
    this.#notBefore = begun + this.#pause;
    try {
      await this.#action();
    } finally {
      this.#isRunning = false;
      this.#notBefore = Math.max(this.#notBefore, Date.now() + 3 * (Date.now() - begun));
      this.#plan();
    }
  }
}

// Where a token is typed in. It stays in this page's memory, or in the tab's storage if wanted.

import { byID, notice, setText, show } from "./elements.js";

export class TokenDialog {
  #api;
  #onChange;
  #dialog = byID("token-dialog");
  #field = byID("token-field");

  /** @param onChange is called when there is another token than before, or none any more */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
    byID("token").addEventListener("click", () => this.open());
    byID("token-forget").addEventListener("click", () => this.#use(null));
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const token = this.#field.value.trim();
      if (token !== "") this.#use(token);
    });
    this.#name();
  }

  /** @param problem why a token is needed, if that is known */
  open(problem = null) {
    if (this.#dialog.open) return;
    this.#field.value = "";
    byID("token-problem").replaceChildren(...(problem ? [notice(problem)] : []));
    setText(byID("token-text"), this.#api.hasToken
      ? "A token is in use. It is sent to this server only, and in no URL."
      : "Where the server wants tokens, one decides what you see and may do here. It is sent to "
        + "this server only, and in no URL.");
    show(byID("token-forget"), this.#api.hasToken);
    this.#dialog.showModal();
    this.#field.focus();
  }

  #use(token) {
    this.#api.setToken(token, byID("token-keep").checked);
    this.#field.value = "";
    this.#dialog.close();
    this.#name();
    this.#onChange();
  }

  #name() {
    setText(byID("token"), this.#api.hasToken ? "Token in use" : "Token");
  }
}

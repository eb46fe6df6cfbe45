// Light or dark: as the system says, unless somebody wants it otherwise.

import { byID, setText } from "./elements.js";

const KEPT = "rollcall-theme";
const CHOICES = ["system", "light", "dark"];

export function followTheme() {
  const button = byID("theme");
  let choice = CHOICES.includes(localStorage.getItem(KEPT)) ? localStorage.getItem(KEPT) : "system";
  const apply = () => {
    document.documentElement.dataset.theme = choice;
    setText(button, `Theme: ${choice}`);
  };
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    localStorage.setItem(KEPT, choice);
    apply();
  });
  apply();
}

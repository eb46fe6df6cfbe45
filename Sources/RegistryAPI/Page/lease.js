// What is left of an instance's lease, as the page shows it running down.

import { element, setText } from "./elements.js";

/** A cell's contents; `update` takes the instance, `tick` the server's time. */
export function leaseView() {
  const text = element("span", { class: "left" });
  const bar = element("span", { class: "fill" });
  const view = element("span", { class: "lease" }, text,
    element("span", { class: "track", "aria-hidden": "true" }, bar));
  let instance;
  view.update = (now) => { instance = now; };
  view.tick = (now) => {
    const end = leaseEnd(instance);
    const left = end === null ? null : end - now;
    view.dataset.state = state(instance, left);
    setText(text, described(instance, left));
    const share = left === null ? 1 : left / span(instance);
    bar.style.transform = `scaleX(${Math.min(Math.max(share, 0), 1).toFixed(3)})`;
  };
  return view;
}

/** When the instance goes unless something happens before; null: never. */
export function leaseEnd({ expires_at: expiry, safe_at: safe }) {
  const ends = [expiry, safe].filter((end) => end != null).map((end) => Date.parse(end));
  return ends.length > 0 ? Math.min(...ends) : null;
}

function span(instance) {
  const lease = (instance.lease_seconds ?? Infinity) * 1_000;
  const drain = instance.safe_at ? Date.parse(instance.safe_at) - Date.parse(instance.renewed_at)
    : Infinity;
  return Math.max(Math.min(lease, drain), 1_000);
}

function state(instance, left) {
  if (left === null) return "endless";
  if (instance.safe_at) return "draining";
  return left <= span(instance) / 3 ? "low" : "running";
}

function described(instance, left) {
  if (left === null) return "no end";
  if (left <= 0) return "over";
  return instance.safe_at ? `gone in ${duration(left)}` : duration(left);
}

/** Its two largest units; seconds are rounded up, so that nothing is over at 0 s. */
export function duration(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1_000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600)];
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

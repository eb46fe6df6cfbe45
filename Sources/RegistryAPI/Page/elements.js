// Elements of the page. What comes from the API becomes text, never markup.

/** The element with this id, which index.html has. */
export const byID = (id) => document.getElementById(id);

/**
 * Makes an element.
 *
 * Attributes whose value is a function are listeners; those that are null or false are left out.
 * Children are elements or strings; strings become text.
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Sets an element's text, which costs nothing when it is the same. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Shows or hides an element. */
export function show(node, isShown) {
  node.hidden = !isShown;
}

/**
 * Makes a parent's children those of the items, in their order, and keeps those that are there.
 *
 * @param key says what makes an item the same one as before
 * @param make makes the element of a new item; it has a method `update(item)`
 */
export function fill(parent, items, key, make) {
  const wanted = new Set(items.map(key));
  const before = new Map();
  for (const child of [...parent.children]) {
    if (wanted.has(child.itemKey)) before.set(child.itemKey, child);
    else child.remove();
  }
  // What stays is not moved, as that would take the focus from it.
  let next = parent.firstElementChild;
  for (const item of items) {
    const child = before.get(key(item)) ?? make(item);
    child.itemKey = key(item);
    child.update(item);
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
  }
}

/** Tells those who hear the page what others see. */
export function announce(text) {
  setText(byID("announcer"), text);
}

/** Text with the number in front, in its reader's form. */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/** A problem as the page shows it. */
export function notice(problem) {
  return element("div", { class: "notice bad" },
    element("strong", {}, problem.title), " ", problem.detail,
    ...(problem.field ? [element("code", {}, problem.field)] : []));
}

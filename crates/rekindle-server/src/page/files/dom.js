// The few things that every part does with the document.

export const $ = (id) => document.getElementById(id);

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Writes only what is new: what is read aloud, selected or hovered stays as it is. */
export function write(into, text) {
  if (into.textContent !== text) into.textContent = text;
}

/** Whether it can be seen and pressed. */
export const isUsable = (each) => each.isConnected && each.checkVisibility() && !each.disabled;

// Elements, made of text: nothing here reads markup.

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else if (key === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// A text that somebody else wrote: whichever way it runs, it stays in its place.
const foreign = (text) => element("bdi", {}, text);
const code = (text) => element("code", {}, foreign(text));
const term = (name, ...values) => element("div", {}, element("dt", {}, name), element("dd", {}, ...values));

const numbers = new Intl.NumberFormat("en", { useGrouping: true });
const count = (number) => numbers.format(number).replaceAll(",", "\u202f");

async function copy(text, says) {
  let copied = false;
  try {
    await navigator.clipboard.writeText(text);
    copied = true;
  } catch {
    // Over plain HTTP there is no clipboard; the old way still works there.
    const field = element("textarea", { class: "unseen", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    const focused = document.activeElement;
    field.select();
    copied = document.execCommand("copy");
    field.remove();
    focused?.focus();
  }
  announce(copied ? `Copied ${says}` : `Cannot copy; select it by hand: ${text}`);
}

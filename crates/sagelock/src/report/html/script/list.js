// The list: of many rows only those near the view are in the page. Rows stand in blocks; a block
// that goes far away leaves its height behind.

const BLOCK = 50;
// So many rows are simply all there.
const WINDOW_FROM = 500;
// A row's height before any was measured, in pixels.
const HEIGHT = 62;
const NEAR = "1500px 0px";

const list = document.getElementById("list");
const HEADS = ["Severity", "Rule", "Verdict", "Subject", "Account, region", "Key", "Reason", "Evidence"];
const HEAD_CLASSES = ["sev", "rule", "verdict", "name", "place", "key", "reason", "evidence"];

let items = [];
let blocks = [];
let isWindowed = false;
let current = 0;
let measured = { rows: 0, pixels: 0 };
const collapsed = new Set();

const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      const block = blocks[Number(entry.target.dataset.block)];
      if (block?.element !== entry.target) continue;
      if (entry.isIntersecting) fill(block);
      else empty(block);
    }
  },
  { rootMargin: NEAR },
);

// What is shown, in order: rows, and the heads of their groups.
function arranged(found, group) {
  if (group === "none") return found;
  const groups = new Map();
  for (const row of found) {
    const name = groupOf(row, group);
    const members = groups.get(name);
    if (members) members.push(row);
    else groups.set(name, [row]);
  }
  const arrangedItems = [];
  for (const [name, members] of groups) {
    arrangedItems.push({ group: name, members });
    if (!collapsed.has(name)) for (const row of members) arrangedItems.push(row);
  }
  return arrangedItems;
}

function groupOf(row, group) {
  if (group === "rule") return row.rule;
  if (group === "place") return `${row.account}/${row.region}`;
  return teamOf(row);
}

function show(found, state, isWhole) {
  watcher.disconnect();
  items = arranged(found, state.group);
  isWindowed = items.length > WINDOW_FROM && !isWhole;
  current = 0;
  measured = { rows: 0, pixels: 0 };
  blocks = [];
  for (let first = 0; first < items.length; first += BLOCK) {
    const last = Math.min(first + BLOCK, items.length);
    const made = element("div", { role: "rowgroup", class: "block", "data-block": blocks.length });
    blocks.push({ element: made, first, last, height: (last - first) * HEIGHT, isFilled: false });
  }
  const heads = HEADS.map((head, index) =>
    element("div", { role: "columnheader", class: `c-${HEAD_CLASSES[index]}` }, head),
  );
  const headRow = element("div", { role: "row", class: "row heads", "aria-rowindex": 1 }, ...heads);
  list.setAttribute("aria-rowcount", items.length + 1);
  list.classList.toggle("whole", !isWindowed);
  list.replaceChildren(
    element("div", { role: "rowgroup", class: "head-group" }, headRow),
    ...blocks.map((block) => block.element),
  );
  for (const block of isWindowed ? blocks.slice(0, 1) : blocks) fill(block);
  if (!isWindowed) return;
  const [firstBlock] = blocks;
  const height = firstBlock.element.offsetHeight / (firstBlock.last - firstBlock.first);
  for (const block of blocks) {
    if (block.isFilled) continue;
    block.height = height * (block.last - block.first);
    block.element.style.height = `${block.height}px`;
  }
  for (const block of blocks) watcher.observe(block.element);
}

function fill(block) {
  if (block.isFilled) return;
  block.isFilled = true;
  const made = [];
  for (let index = block.first; index < block.last; index += 1) made.push(itemElement(index));
  block.element.replaceChildren(...made);
  block.element.style.height = "";
}

function empty(block) {
  if (!block.isFilled || !isWindowed || block.element.contains(document.activeElement)) return;
  block.height = block.element.offsetHeight;
  block.isFilled = false;
  block.element.replaceChildren();
  block.element.style.height = `${block.height}px`;
}

function itemElement(index) {
  const item = items[index];
  const made = item.group === undefined ? rowElement(item, index, view.open.has(item.id)) : groupElement(item, index);
  if (index === current) made.querySelector(".toggle").tabIndex = 0;
  return made;
}

function groupElement(item, index) {
  const counts = VERDICTS.map((verdict) => {
    const of = item.members.filter((row) => row.verdict === verdict).length;
    return of === 0 ? "" : `${count(of)} ${VERDICT_NAMES[verdict]}`;
  });
  const isOpen = !collapsed.has(item.group);
  const button = element(
    "button",
    { type: "button", class: "toggle", "aria-expanded": String(isOpen), "data-item": index, tabindex: "-1" },
    foreign(item.group),
  );
  const title = RULE_TITLES.get(item.group);
  return element(
    "div",
    { role: "row", class: "group", "aria-rowindex": index + 2, "data-item": index },
    element(
      "div",
      { role: "cell", "aria-colspan": HEADS.length },
      button,
      title === undefined ? null : element("span", { class: "group-title" }, title),
      element("span", { class: "group-counts" }, counts.filter((text) => text !== "").join(" · ")),
    ),
  );
}

// Puts an item into view and gives it the keyboard.
function goTo(index) {
  const block = blocks[Math.floor(index / BLOCK)];
  if (block === undefined) return;
  fill(block);
  const before = list.querySelector('.toggle[tabindex="0"]');
  if (before) before.tabIndex = -1;
  current = index;
  const button = block.element.querySelector(`.toggle[data-item="${index}"]`);
  button.tabIndex = 0;
  button.focus({ preventScroll: true });
  button.closest('[role="row"]').scrollIntoView({ block: "nearest" });
}

// Opens or closes a finding or a group.
function toggle(index) {
  const item = items[index];
  if (item.group !== undefined) {
    if (!collapsed.delete(item.group)) collapsed.add(item.group);
    refresh({ isKept: true });
    goTo(items.findIndex((other) => other.group === item.group));
    return;
  }
  if (!view.open.delete(item.id)) view.open.add(item.id);
  const block = blocks[Math.floor(index / BLOCK)];
  const before = block.element.querySelector(`[role="row"][data-item="${index}"]`);
  const hadFocus = before.contains(document.activeElement);
  const after = itemElement(index);
  before.replaceWith(after);
  if (hadFocus) goTo(index);
  remember();
}

list.addEventListener("click", (event) => {
  const row = event.target.closest('[role="row"][data-item]');
  if (row === null || event.target.closest(".details, a")) return;
  const isSelecting = !event.target.closest("button") && String(getSelection()) !== "";
  if (isSelecting) return;
  const index = Number(row.dataset.item);
  toggle(index);
});

list.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const row = event.target.closest(".row.is-open");
    if (row) {
      toggle(Number(row.dataset.item));
      goTo(Number(row.dataset.item));
    }
    return;
  }
  if (!event.target.matches(".toggle") || event.altKey || event.ctrlKey || event.metaKey) return;
  const at = Number(event.target.dataset.item);
  const last = items.length - 1;
  const targets = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + 10, PageUp: at - 10 };
  const target = targets[event.key];
  if (target === undefined) return;
  event.preventDefault();
  goTo(Math.max(0, Math.min(last, target)));
});

list.addEventListener("focusin", (event) => {
  if (!event.target.matches(".toggle")) return;
  const index = Number(event.target.dataset.item);
  if (index === current) return;
  const before = list.querySelector('.toggle[tabindex="0"]');
  if (before) before.tabIndex = -1;
  current = index;
  event.target.tabIndex = 0;
});

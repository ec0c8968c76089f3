// The page: filters change the state, the state is shown and remembered in the address.

const $ = (id) => document.getElementById(id);
const RULE_TITLES = new Map();
for (const link of document.querySelectorAll("#rules-titles > [data-rule]")) {
  RULE_TITLES.set(link.dataset.rule, link.textContent);
}

let view = everything();
let found = [];
let isWhole = false;

function announce(text) {
  $("said").textContent = text;
}

function pills(id, values, names, name) {
  const box = $(id);
  for (const value of values) {
    const input = element("input", { type: "checkbox", value, id: `${id}-${value}` });
    input.addEventListener("change", () => {
      if (input.checked) view[name].add(value);
      else view[name].delete(value);
      refresh({});
    });
    const of = rows.filter((row) => row[name] === value && (name === "verdict" || row.verdict === "fail"));
    box.append(
      element(
        "label",
        { class: `pill ${name === "verdict" ? "v" : "s"}-${value}`, for: input.id },
        input,
        element("span", {}, names[value] ?? value),
        element("span", { class: "of" }, count(of.length)),
      ),
    );
  }
}

function options(name) {
  const select = $(`f-${name}`);
  for (const value of [...new Set(rows.map((row) => valueOf(row, name)))].sort()) {
    const title = name === "rule" && RULE_TITLES.has(value) ? `${value} ${RULE_TITLES.get(value)}` : value;
    select.append(element("option", { value }, title));
  }
  select.addEventListener("change", () => {
    view[name] = select.value;
    refresh({});
  });
}

// The filters say what the state is, wherever it came from.
function showFilters() {
  for (const [name, values] of [["verdict", VERDICTS], ["severity", SEVERITIES]]) {
    for (const value of values) $(`f-${name}-${value}`).checked = view[name].has(value);
  }
  for (const name of CHOICES) {
    const select = $(`f-${name}`);
    const isThere = [...select.options].some((option) => option.value === view[name]);
    if (!isThere) select.append(element("option", { value: view[name] }, view[name]));
    select.value = view[name];
  }
  $("f-group").value = view.group;
  if ($("f-text").value !== view.text) $("f-text").value = view.text;
}

function told(list) {
  const counts = VERDICTS.map((verdict) => [verdict, list.filter((row) => row.verdict === verdict).length]);
  const parts = counts.filter(([, of]) => of > 0).map(([verdict, of]) => `${count(of)} ${VERDICT_NAMES[verdict]}`);
  return parts.join(", ");
}

function showStatus() {
  const shown = new Set(found);
  const hidden = rows.filter((row) => !shown.has(row));
  const parts = [`${count(found.length)} of ${count(rows.length)} findings shown`];
  if (found.length > 0) parts.push(`: ${told(found)}`);
  parts.push(hidden.length === 0 ? ". Nothing is hidden." : `. Hidden by the filters: ${told(hidden)}.`);
  const missing = [...view.open].filter((id) => !rows.some((row) => row.id === id));
  if (missing.length > 0) parts.push(` Finding ${missing.join(", ")} is not in this page.`);
  $("status").textContent = parts.join("");
  $("clear").disabled = toHash({ ...view, open: new Set(), group: "none" }) === "";
  $("csv").disabled = found.length === 0;
  const isLong = found.length > WINDOW_FROM;
  $("whole").hidden = !isLong || isWhole;
  $("whole").textContent = `Put all ${count(found.length)} rows into the page`;
  $("whole-says").hidden = !isLong || isWhole;
  $("whole-says").textContent =
    "Only rows near the view are in the page, so the browser's own search does not see the others; the text filter does.";
}

function remember() {
  const hash = toHash(view);
  const address = location.href.split("#")[0] + (hash === "" ? "" : `#${hash}`);
  try {
    history.replaceState(null, "", address);
  } catch {
    location.replace(`#${hash}`);
  }
}

function refresh({ isKept = false }) {
  performance.mark("filter-begins");
  if (!isKept) isWhole = false;
  found = filtered(view);
  show(found, view, isWhole);
  showFilters();
  showStatus();
  remember();
  performance.measure("filter", "filter-begins");
}

// Shows what an address says, and the first finding that it opens.
function follow(isFirst) {
  const said = fromHash(location.hash);
  if (said === null) return false;
  view = said;
  refresh({});
  const index = items.findIndex((item) => view.open.has(item.id));
  if (index >= 0) goTo(index);
  else if (!isFirst) $("findings").focus();
  return true;
}

function theme() {
  const button = $("theme");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const say = () => (button.textContent = isDark() ? "Light colours" : "Dark colours");
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("sagelock-theme", root.dataset.theme);
    } catch {
      // Then it holds until the page is closed.
    }
    say();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  say();
  button.hidden = false;
}

// The text of every row is made ready for searching while nothing else is to be done.
function makeSearchable(from) {
  const until = Math.min(from + 500, rows.length);
  for (let place = from; place < until; place += 1) void rows[place].searched;
  if (until < rows.length) setTimeout(() => makeSearchable(until), 5);
}

pills("f-verdict", VERDICTS, VERDICT_NAMES, "verdict");
pills("f-severity", SEVERITIES, {}, "severity");
for (const name of CHOICES) options(name);
$("f-group").addEventListener("change", () => {
  view.group = $("f-group").value;
  collapsed.clear();
  refresh({});
});
$("f-text").addEventListener("input", () => {
  view.text = $("f-text").value;
  refresh({});
});
$("filters").addEventListener("submit", (event) => event.preventDefault());
$("clear").addEventListener("click", () => {
  view = { ...everything(), group: view.group };
  refresh({});
  $("f-text").focus();
});
$("csv").addEventListener("click", () => saveCsv(found));
$("link").addEventListener("click", () => copy(location.href, "the link"));
$("whole").addEventListener("click", () => {
  isWhole = true;
  refresh({ isKept: true });
  announce(`All ${count(found.length)} rows are in the page`);
});
addEventListener("hashchange", () => follow(false));
theme();
$("worst").hidden = true;
for (const id of ["filters", "tools", "list"]) $(id).hidden = false;
if (!follow(true)) refresh({});
performance.measure("ready");
setTimeout(() => makeSearchable(0), 100);

// A finding as a row, and what opens under it.

// A key by the name that people know, or the beginning of its id.
function shortKey(key) {
  if (key === null) return "–";
  const alias = key.indexOf("alias/");
  if (alias >= 0) return key.slice(alias + (key.length > alias + 18 ? 6 : 0));
  return (key.split("/").pop() ?? key).slice(0, 12);
}

const cell = (name, ...children) => element("div", { role: "cell", class: `c-${name}` }, ...children);

function severityBadge(row) {
  if (row.verdict !== "fail") return element("span", { class: "sev" }, "–");
  return element("span", { class: `sev s-${row.severity}` }, row.severity);
}

function verdictBadge(row) {
  const excepted = row.excepted ? ", excepted" : "";
  return element("span", { class: `verdict v-${row.verdict}` }, VERDICT_NAMES[row.verdict] + excepted);
}

function rowElement(row, index, isOpen) {
  const classes = ["row", `v-${row.verdict}`];
  if (row.muted) classes.push("muted");
  if (isOpen) classes.push("is-open");
  const button = element(
    "button",
    { type: "button", class: "toggle", "aria-expanded": String(isOpen), "data-item": index, tabindex: "-1" },
    foreign(row.name),
  );
  const made = element(
    "div",
    { role: "row", class: classes.join(" "), "aria-rowindex": index + 2, "data-id": row.id, "data-item": index },
    cell("sev", severityBadge(row)),
    cell("rule", row.rule),
    cell("verdict", verdictBadge(row)),
    cell("name", button, element("div", { class: "says" }, foreign(row.message))),
    cell("place", element("span", {}, row.account), element("span", {}, row.region)),
    cell("key", foreign(shortKey(row.key))),
    cell("reason", element("code", {}, row.reason)),
    cell("evidence", isOpen ? details(row) : null),
  );
  return made;
}

// Everything that is known of it: what to do, what could not be read, the chain, the clauses.
function details(row) {
  const copier = (text, what) =>
    element("button", { type: "button", class: "copy", on: { click: () => copy(text, what) } }, `Copy ${what}`);
  return element(
    "div",
    { class: "details" },
    row.fix === "" ? null : element("p", { class: "fix" }, element("strong", {}, "Fix: "), row.fix),
    notRead(row.gap),
    chain(row),
    element(
      "dl",
      { class: "facts" },
      term(KIND_NAMES[row.kind], code(row.arn), " ", copier(row.arn, "ARN")),
      row.key === null ? null : term("Key", code(row.key)),
      term("Team", foreign(teamOf(row))),
      term("Severity", row.verdict === "fail" ? row.severity : `${row.severity}, were it a fail`),
      term("Compliance", row.compliance.replaceAll("; ", " · ")),
      term("Finding", code(row.id), " ", copier(row.id, "finding id"), " ", copier(linkTo(row), "link to it")),
    ),
  );
}

// A link that shows this finding among all of them, open.
const linkTo = (row) => `${location.href.split("#")[0]}#open=${row.id}`;

function notRead(gap) {
  if (gap === null) return null;
  const parts = [element("strong", {}, "Not read: "), element("code", {}, gap.call)];
  parts.push(` ${gap.reason.replaceAll("_", " ")} in ${gap.account}/${gap.region}`);
  if (gap.subject !== "") parts.push(", asked about ", foreign(gap.subject));
  if (gap.said !== "") parts.push(": ", foreign(gap.said));
  return element("p", { class: "gap" }, ...parts);
}

function chain(row) {
  const facts = row.evidence;
  if (facts.length === 0) return element("p", {}, "No fact was read.");
  const heads = ["Fact", "Value", "Call", "When"].map((head) => element("th", { scope: "col" }, head));
  const lines = facts.map(([fact, value, call, at]) =>
    element(
      "tr",
      {},
      element("td", {}, fact),
      element("td", {}, code(value)),
      element("td", {}, call),
      element("td", {}, element("time", { datetime: at }, at)),
    ),
  );
  return element(
    "table",
    { class: "evidence" },
    element("caption", {}, "Evidence: what was read, by which call, when"),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...lines),
  );
}

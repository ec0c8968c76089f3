// What goes on paper: the failing rows of what is shown, whole, with their evidence.

// Findings that are printed; a stack of paper is nobody's report.
const PRINT_MAX = 1000;

const printed = document.getElementById("printed");
let unfolded = [];

function asked(state) {
  const parts = [];
  if (state.verdict.size < VERDICTS.length) parts.push(`verdict ${[...state.verdict].map((verdict) => VERDICT_NAMES[verdict]).join(" or ")}`);
  if (state.severity.size < SEVERITIES.length) parts.push(`severity ${[...state.severity].join(" or ")}`);
  for (const choice of CHOICES) if (state[choice] !== "") parts.push(`${choice} ${state[choice]}`);
  if (state.text !== "") parts.push(`text “${state.text}”`);
  return parts;
}

// What is said of a run of rows is said once, over the first of them.
function printedKind(row) {
  return element(
    "li",
    { class: "print-kind" },
    element(
      "p",
      { class: "line" },
      severityBadge(row),
      " ",
      verdictBadge(row),
      " ",
      element("span", { class: "rule" }, row.rule),
      ` ${RULE_TITLES.get(row.rule) ?? ""} `,
      element("code", { class: "reason" }, row.reason),
    ),
    row.fix === "" ? null : element("p", { class: "fix" }, element("strong", {}, "Fix: "), row.fix),
    element("p", { class: "facts-line" }, row.compliance.replaceAll("; ", " · ")),
  );
}

function printedRow(row) {
  return element(
    "li",
    { class: "finding" },
    element(
      "p",
      { class: "line" },
      element("bdi", { class: "name" }, row.name),
      " ",
      element("span", { class: "place" }, `${row.account}/${row.region}`),
    ),
    element("p", { class: "says" }, foreign(row.message)),
    notRead(row.gap),
    element(
      "p",
      { class: "facts-line" },
      ...row.evidence.flatMap(([fact, value, call, at], index) => [
        element("span", {}, index === 0 ? "" : " · ", `${fact} = `, foreign(value), ` (${call}, ${at.replace(/\.\d+Z$/, "Z")})`),
      ]),
    ),
    element("p", { class: "facts-line" }, code(row.arn), ` · finding ${row.id}`),
  );
}

const kindOf = (row) => [row.verdict, row.excepted, row.severity, row.rule, row.reason, row.fix].join("\n");

function printedList(kept) {
  const made = [];
  kept.forEach((row, index) => {
    if (index === 0 || kindOf(kept[index - 1]) !== kindOf(row)) made.push(printedKind(row));
    made.push(printedRow(row));
  });
  return element("ol", { class: "finding-list" }, ...made);
}

function preparePrint() {
  const chosen = view.verdict.size < VERDICTS.length;
  const wanted = chosen ? found : found.filter((row) => !row.muted);
  const parts = asked(view);
  const kept = wanted.slice(0, PRINT_MAX);
  const says = [parts.length === 0 ? "Every finding that fails or is unknown" : `Filtered by ${parts.join(", ")}`];
  says.push(`${count(kept.length)} of ${count(found.length)} findings are printed.`);
  if (wanted.length > kept.length) says.push(`${count(wanted.length - kept.length)} more are in the page and in the format csv.`);
  if (!chosen && found.length > wanted.length) says.push(`${count(found.length - wanted.length)} passed, not applicable or excepted are not printed.`);
  printed.replaceChildren(
    element("p", {}, `${says[0]}. ${says.slice(1).join(" ")}`),
    printedList(kept),
  );
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const folded of unfolded) folded.open = true;
}

function endPrint() {
  printed.replaceChildren();
  for (const folded of unfolded) folded.open = false;
  unfolded = [];
}

addEventListener("beforeprint", preparePrint);
addEventListener("afterprint", endPrint);

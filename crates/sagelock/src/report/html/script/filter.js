// What is asked of the rows, and its text in the address, so that a link shows the same.

const CHOICES = ["rule", "reason", "account", "region", "team"];
const GROUPS = ["none", "rule", "place", "team"];
// The team of what bears no team tag, or whose tags were not read.
const NO_TEAM = "(not known)";

const everything = () => ({
  verdict: new Set(VERDICTS),
  severity: new Set(SEVERITIES),
  rule: "",
  reason: "",
  account: "",
  region: "",
  team: "",
  text: "",
  group: "none",
  open: new Set(),
});

const teamOf = (row) => row.team ?? NO_TEAM;
const valueOf = (row, choice) => (choice === "team" ? teamOf(row) : row[choice]);

// The places of the rows that pass, worst first.
function filtered(state) {
  const words = state.text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const choices = CHOICES.filter((choice) => state[choice] !== "");
  const everySeverity = state.severity.size === SEVERITIES.length;
  const passes = (row) => {
    if (!state.verdict.has(row.verdict)) return false;
    if (!everySeverity && !(row.verdict === "fail" && state.severity.has(row.severity))) return false;
    if (!choices.every((choice) => valueOf(row, choice) === state[choice])) return false;
    return words.every((word) => row.searched.includes(word));
  };
  return Array.from(worstFirst.filter((place) => passes(rows[place])), (place) => rows[place]);
}

// The state as a fragment, without what is at its beginning anyway.
function toHash(state) {
  const parts = [];
  const list = (name, all) => {
    if (state[name].size < all.length) {
      parts.push(`${name}=${all.filter((value) => state[name].has(value)).join(",")}`);
    }
  };
  list("verdict", VERDICTS);
  list("severity", SEVERITIES);
  for (const name of [...CHOICES, "text"]) {
    if (state[name] !== "") parts.push(`${name}=${encodeURIComponent(state[name])}`);
  }
  if (state.group !== "none") parts.push(`group=${state.group}`);
  if (state.open.size > 0) parts.push(`open=${[...state.open].slice(-OPEN_MAX).join(",")}`);
  return parts.join("&");
}

// Findings that stay open in a link.
const OPEN_MAX = 20;

// The state that a fragment says; null for one that is only a place in the page.
function fromHash(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const known = ["verdict", "severity", ...CHOICES, "text", "group", "open"];
  if (!known.some((name) => said.has(name))) return null;
  const state = everything();
  const list = (name, all) => {
    if (!said.has(name)) return;
    const named = said.get(name).split(",");
    state[name] = new Set(all.filter((value) => named.includes(value)));
  };
  list("verdict", VERDICTS);
  list("severity", SEVERITIES);
  for (const name of [...CHOICES, "text"]) state[name] = said.get(name) ?? "";
  if (GROUPS.includes(said.get("group"))) state.group = said.get("group");
  const open = (said.get("open") ?? "").split(",").filter((id) => /^[0-9a-f]{16}$/.test(id));
  state.open = new Set(open);
  return state;
}

// The rows, as report/html/rows.rs writes them.

const VERDICTS = ["fail", "unknown", "pass", "not_applicable"];
const SEVERITIES = ["critical", "high", "medium", "low"];
const VERDICT_NAMES = { fail: "fail", unknown: "unknown", pass: "pass", not_applicable: "not applicable" };
const KIND_NAMES = { endpoint: "Endpoint", endpoint_config: "Endpoint configuration", key: "Key" };

const texts = [];

class Row {
  constructor(list, place) {
    const text = (number) => (number < 0 ? null : texts[number]);
    this.place = place;
    this.id = list[0];
    this.rule = text(list[1]);
    this.verdict = text(list[2]);
    this.reason = text(list[3]);
    this.severity = text(list[4]);
    this.kind = text(list[5]);
    this.before = list[6];
    this.name = text(list[7]);
    this.account = text(list[8]);
    this.region = text(list[9]);
    this.team = text(list[10]);
    this.key = text(list[11]);
    this.message = text(list[12]);
    this.fix = text(list[13]);
    this.compliance = text(list[14]);
    this.excepted = list[15] === 1;
    this.facts = list[16];
    this.unread = list[17];
    this.words = null;
  }

  get arn() {
    return this.before < 0 ? texts[-1 - this.before] : texts[this.before] + this.name;
  }

  // What it is about, which an ARN tells apart and a name does not.
  get subject() {
    return `${this.rule}\n${this.before}\n${this.name}`;
  }

  // Fact, value, call and time, in the order of the chain.
  get evidence() {
    const chain = [];
    for (let at = 0; at + 3 < this.facts.length; at += 4) {
      chain.push(this.facts.slice(at, at + 4).map((number) => texts[number]));
    }
    return chain;
  }

  get gap() {
    if (this.unread.length === 0) return null;
    const [call, account, region, reason, subject, said] = this.unread.map((number) => texts[number]);
    return { call, account, region, reason, subject, said };
  }

  // Passed, not applicable or excused: there to be seen, not to be done.
  get muted() {
    return this.excepted || this.verdict === "pass" || this.verdict === "not_applicable";
  }

  // Everything of it that can be searched, in lower case.
  get searched() {
    if (this.words === null) {
      const gap = this.gap;
      const parts = [this.id, this.rule, this.verdict, this.reason, this.name, this.arn, this.message];
      parts.push(`${this.account}/${this.region}`, this.key ?? "", this.team ?? "", this.compliance);
      for (let at = 1; at < this.facts.length; at += 4) parts.push(texts[this.facts[at]]);
      if (gap) parts.push(gap.call, gap.said);
      this.words = parts.join("\n").toLowerCase();
    }
    return this.words;
  }
}

// In the order of the contract: account, region, rule, ARN.
const rows = [];
for (const element of document.querySelectorAll("script.rows")) {
  const block = JSON.parse(element.textContent);
  for (const text of block.texts) texts.push(text);
  for (const list of block.rows) rows.push(new Row(list, rows.length));
}

// The worst first; what is muted last; within these by rule and reason.
const worstFirst = (() => {
  const kinds = [...new Set(rows.map((row) => `${row.rule}\n${row.reason}`))].sort();
  const rank = new Map(kinds.map((kind, index) => [kind, index]));
  const weight = (row) => {
    const verdict = row.excepted ? 1.5 : VERDICTS.indexOf(row.verdict);
    return verdict * 8 + SEVERITIES.indexOf(row.severity);
  };
  const keys = new Float64Array(rows.length);
  for (const row of rows) {
    const kind = rank.get(`${row.rule}\n${row.reason}`);
    keys[row.place] = (weight(row) * kinds.length + kind) * rows.length + row.place;
  }
  return keys.sort().map((key) => key % rows.length);
})();

// What is shown as CSV, the same lines as `--format csv` writes, in the same order.

const CSV_HEADS = ["id", "rule", "verdict", "severity", "reason", "subject_type", "subject_name", "subject_arn"];
CSV_HEADS.push("account", "region", "key", "message", "remediation", "compliance");

// A text that a spreadsheet would take for a formula is made a text again.
const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function csv(found) {
  const lines = [CSV_HEADS];
  for (const row of [...found].sort((a, b) => a.place - b.place)) {
    lines.push([
      row.id,
      row.rule,
      row.verdict,
      row.severity,
      row.reason,
      row.kind,
      safe(row.name),
      safe(row.arn),
      row.account,
      row.region,
      safe(row.key ?? ""),
      safe(row.message),
      row.fix,
      row.compliance,
    ]);
  }
  return lines.map((fields) => `${fields.map(quoted).join(",")}\n`).join("");
}

function saveCsv(found) {
  const address = URL.createObjectURL(new Blob([csv(found)], { type: "text/csv" }));
  const link = element("a", { href: address, download: "sagelock-findings.csv" });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  announce(`Saved ${count(found.length)} findings as CSV`);
}

// An auditor and an engineer work with the page of an organisation.

import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { address, check, equal, ids, number, open, overflow, run, served, status, violations } from "./harness.mjs";

const [, , file, folder] = process.argv;
const source = readFileSync(file, "utf8");
const rowsOf = (page) =>
  page.evaluate(() => [...document.querySelectorAll("#list .row[data-id]")].map((row) => row.className));

async function summary(page) {
  const text = await page.locator("main").innerText();
  for (const word of ["SIMULATED", "Live endpoints under a CMK", "What to do next", "Coverage and gaps"]) {
    check(`the summary says ${word}`, text.includes(word));
  }
  check("the share has its unknown share beside it", /\d+\.\d %\s+\d+\.\d % unknown/.test(await page.locator(".cmk svg.chart").evaluate((svg) => [...svg.querySelectorAll("text")].map((one) => one.textContent).join(" "))));
  const charts = await page.locator("svg.chart").evaluateAll((all) =>
    all.map((one) => one.getAttribute("aria-labelledby").split(" ").every((id) => document.getElementById(id)?.textContent.length > 5)),
  );
  equal("every chart has its text", charts, [true, true, true, true]);
  equal("every chart has its table", await page.locator(".cards .numbers table, .cards .legend").count(), 4);
}

async function filters(page) {
  const all = number(await status(page));
  check("everything is there at first", (await status(page)).includes("Nothing is hidden"), await status(page));
  for (const verdict of ["unknown", "pass", "not_applicable"]) await page.uncheck(`#f-verdict-${verdict}`);
  const fails = number(await status(page));
  check("fails are some of them", fails > 100 && fails < all, `${fails} of ${all}`);
  check("what is hidden is said", /Hidden by the filters: [\d\u202f]+ unknown, [\d\u202f]+ pass/.test(await status(page)), await status(page));
  check("every row is a fail", (await rowsOf(page)).every((name) => name.includes("v-fail")));
  for (const severity of ["high", "medium", "low"]) await page.uncheck(`#f-severity-${severity}`);
  const critical = number(await status(page));
  const badges = await page.locator("#list .row .sev").allTextContents();
  check("every row is critical", critical < fails && badges.every((text) => text === "critical"), badges.slice(0, 9));
  equal("all critical rows are in the page", (await ids(page)).length, critical);
  await page.selectOption("#f-rule", "EP-001");
  const rules = await page.locator("#list .row .c-rule").allTextContents();
  check("every row is of the rule", rules.length > 5 && rules.slice(1).every((text) => text === "EP-001"), rules.slice(0, 5));
  const account = await page.locator("#f-account option").nth(2).getAttribute("value");
  await page.selectOption("#f-account", account);
  await page.selectOption("#f-region", "eu-west-1");
  const places = await page.locator("#list .row:not(.heads) .c-place").allTextContents();
  check("every row is of the place", places.length > 0 && places.every((text) => text === `${account}eu-west-1`), places);
  await page.click("#clear");
  equal("cleared, everything is there again", number(await status(page)), all);
  await page.fill("#f-text", "ALIAS/aws/ebs endpoint/");
  const found = number(await status(page));
  check("text finds words in any field, whatever their case", found > 5 && found < fails, found);
  await page.fill("#f-text", "no such text anywhere");
  equal("nothing is found", number(await status(page)), 0);
  check("what is not found is not saved", await page.locator("#csv").isDisabled());
  await page.click("#clear");
}

const rowCount = async (page) => Number(await page.locator("#list").getAttribute("aria-rowcount"));

async function grouping(page) {
  for (const verdict of ["unknown", "pass", "not_applicable"]) await page.uncheck(`#f-verdict-${verdict}`);
  for (const [group, least] of [["rule", 10], ["place", 10], ["team", 3]]) {
    await page.selectOption("#f-group", group);
    const rows = await rowCount(page);
    const counts = await page.locator("#list .group-counts").first().textContent();
    check(`a group by ${group} says what is in it`, /\d+ fail/.test(counts), counts);
    const toggles = page.locator("#list .group .toggle");
    await toggles.first().click();
    equal(`a group by ${group} folds`, await toggles.first().getAttribute("aria-expanded"), "false");
    equal(`and its rows go, by ${group}`, rows - (await rowCount(page)), number(counts));
    // Folded all, they are all in the page.
    const unfolded = page.locator('#list .group .toggle[aria-expanded="true"]');
    while ((await unfolded.count()) > 0) await unfolded.first().click();
    const heads = await toggles.allTextContents();
    check(`groups by ${group}`, heads.length >= least && new Set(heads).size === heads.length, heads);
    equal(`only groups are left, by ${group}`, await rowCount(page), heads.length + 1);
    const folded = page.locator('#list .group .toggle[aria-expanded="false"]');
    while ((await folded.count()) > 0) await folded.last().click();
    equal(`and unfold, by ${group}`, await rowCount(page), rows);
  }
  await page.selectOption("#f-group", "none");
  await page.click("#clear");
}

async function muted(page) {
  await page.selectOption("#f-rule", "EP-001");
  const seen = await page.evaluate(() =>
    [...document.querySelectorAll("#list .row.v-pass, #list .row.v-not_applicable")].map((row) => row.classList.contains("muted")),
  );
  check("what passed or does not apply is there, muted", seen.length > 100 && seen.every(Boolean), seen.length);
  await page.click("#clear");
}

async function keyboard(page) {
  await page.focus("#f-text");
  await page.fill("#f-text", "EP-001 no_key");
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.matches(".toggle"))) break;
  }
  const at = () => page.evaluate(() => Number(document.activeElement.dataset.item ?? -1));
  equal("Tab reaches the list at its first row", await at(), 0);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  equal("arrows move from row to row", await at(), 1);
  await page.keyboard.press("Enter");
  equal("Enter opens a row", await page.evaluate(() => document.activeElement.getAttribute("aria-expanded")), "true");
  const details = await page.locator(".details").first().innerText();
  for (const word of ["KmsKeyId", "sagemaker:DescribeEndpointConfig", "Z", "Compliance", "Finding", "arn:aws:sagemaker:"]) {
    check(`the chain says ${word}`, details.includes(word), details);
  }
  check("the address has the row", /open=[0-9a-f]{16}/.test(page.url()), page.url());
  await page.keyboard.press("Tab");
  check("Tab goes into what opened", await page.evaluate(() => document.activeElement.matches(".copy")));
  await page.keyboard.press("Escape");
  equal("Escape closes it and goes back to its row", [await at(), await page.locator(".details").count()], [1, 0]);
  await page.keyboard.press("End");
  const last = await page.locator("#list").getAttribute("aria-rowcount");
  equal("End goes to the last row", await at(), Number(last) - 2);
  const sight = await page.evaluate(() => document.activeElement.getBoundingClientRect());
  check("and it is in view", sight.top >= 0 && sight.bottom <= 900, sight);
  await page.keyboard.press("Home");
  const first = await page.evaluate(() => {
    const box = document.activeElement.getBoundingClientRect();
    return document.elementFromPoint(box.left + 20, box.top + box.height / 2)?.closest(".toggle") === document.activeElement;
  });
  check("Home goes to the first row, and nothing covers it", first && (await at()) === 0);
  await page.click("#clear");
}

async function links(browser, page, url) {
  await page.uncheck("#f-verdict-pass");
  await page.selectOption("#f-rule", "EP-003");
  await page.fill("#f-text", "key");
  await page.selectOption("#f-group", "team");
  await page.locator("#list .row .toggle").first().click();
  const [link, says, shown] = [page.url(), await status(page), await ids(page)];
  check("the address holds the filters", link.includes("verdict=fail,unknown,not_applicable&rule=EP-003&text=key&group=team&open="), link);
  const other = await open(browser, link);
  equal("a link shows the same status", await status(other.page), says);
  equal("a link shows the same rows", await ids(other.page), shown);
  equal("a link opens the same row", await other.page.locator(".details").count(), 1);
  const chosen = await other.page.evaluate(() => ["f-rule", "f-text", "f-group"].map((id) => document.getElementById(id).value));
  equal("and its filters say so", chosen, ["EP-003", "key", "team"]);
  await other.close();
  const strange = await open(browser, `${url}#verdict=fail&rule=<img>&open=zz&group=no&text=%3Cb%3E`);
  equal("a strange link finds nothing and breaks nothing", [number(await status(strange.page)), strange.seen.said], [0, []]);
  await strange.close();
  await page.click("#clear");
  await page.selectOption("#f-group", "none");
  await page.locator(".next a").first().click();
  await page.waitForFunction(() => document.querySelector("#f-rule").value !== "");
  const wanted = number(await page.locator(".next a").first().textContent());
  equal("what to do next leads to its findings", number(await status(page)), wanted);
  await page.click("#clear");
}

async function copies(browser, url) {
  const { page, close } = await open(browser, url, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.locator("#list .row .toggle").first().click();
  const id = await page.locator("#list .row[data-id]").first().getAttribute("data-id");
  await page.getByRole("button", { name: "Copy finding id" }).click();
  await page.waitForFunction(() => document.getElementById("said").textContent.startsWith("Copied"));
  equal("the id is copied", await page.evaluate(() => navigator.clipboard.readText()), id);
  await page.getByRole("button", { name: "Copy link to it" }).click();
  await page.waitForFunction(() => document.getElementById("said").textContent.includes("link"));
  equal("a link to it is copied", await page.evaluate(() => navigator.clipboard.readText()), `${url}#open=${id}`);
  await close();
}

async function saves(page) {
  await page.uncheck("#f-verdict-pass");
  const shown = number(await status(page));
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#csv")]);
  const text = readFileSync(await download.path(), "utf8");
  const ids = text.split("\n").filter((line) => /^[0-9a-f]{16},/.test(line));
  equal("what is filtered is saved", ids.length, shown);
  check("with its heads", text.startsWith("id,rule,verdict,severity,reason,subject_type,"), text.slice(0, 80));
  await page.click("#clear");
}

// The letters of each page of a PDF.
function sheets(path) {
  const text = execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8", maxBuffer: 1 << 28 });
  return text.split("\f").map((sheet) => sheet.replace(/\s+/g, ""));
}

async function paper(browser, url) {
  for (const [scheme, hash] of [["light", "#verdict=fail&severity=critical"], ["dark", "#text=fraud"]]) {
    const { page, close } = await open(browser, url + hash, { colorScheme: scheme });
    const path = join(folder, `${scheme}.pdf`);
    await page.pdf({ path, preferCSSPageSize: true });
    equal("the page is as before", await page.locator("#printed *").count(), 0);
    const [rows, kinds] = await page.evaluate(() => {
      dispatchEvent(new Event("beforeprint"));
      const texts = (name) => [...document.querySelectorAll(`#printed ${name}`)].map((one) => one.textContent.replace(/\s+/g, ""));
      const made = [texts(".finding"), texts(".print-kind")];
      dispatchEvent(new Event("afterprint"));
      return made;
    });
    const pages = sheets(path);
    const text = pages.join("");
    const cut = [...rows, ...kinds].filter((row) => !pages.some((sheet) => sheet.includes(row)));
    check(`every failing row is whole, on one page, ${hash}`, rows.length > 30 && cut.length === 0, cut.slice(0, 3));
    for (const word of ["SIMULATED", "underaCMK", "Whattodonext", "Coverageandgaps", "Filteredby"]) {
      check(`paper says ${word}`, text.includes(word));
    }
    check("paper has no filters", !text.includes("Clearfilters") && !text.includes("Groupby"));
    check("A4", /Page size: +59\d(\.\d+)? x 84\d/.test(execFileSync("pdfinfo", [path], { encoding: "utf8" })));
    await close();
  }
}

async function access(browser, url) {
  for (const [name, options] of [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["390 px", { viewport: { width: 390, height: 844 } }],
    ["390 px, dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }],
  ]) {
    // Whole, so that muted rows are looked at too; a row of each verdict is open.
    const { page, seen, close } = await open(browser, `${url}#rule=EP-001&account=555566667777&group=rule`, options);
    for (const verdict of ["fail", "unknown", "pass", "not_applicable"]) {
      await page.locator(`#list .row.v-${verdict} .toggle`).first().click();
    }
    equal(`a row of each verdict is open, ${name}`, await page.locator("#list .details").count(), 4);
    await page.evaluate(() => {
      for (const folded of document.querySelectorAll("main details")) folded.open = true;
    });
    equal(`axe, ${name}`, await violations(page), []);
    await page.goto(`${url}#verdict=unknown&reason=access_denied`);
    await page.locator("#list .row .toggle").first().click();
    check(`what could not be read is said, ${name}`, (await page.locator(".details .gap").innerText()).includes("Not read: s3:HeadObject"));
    equal(`axe, ${name}, with what could not be read`, await violations(page), []);
    equal(`nothing beyond the side, ${name}`, await overflow(page), 0);
    equal(`nothing is said or refused, ${name}`, seen.said, []);
    await close();
  }
}

async function theme(browser, url) {
  const { page, close } = await open(browser, url, { colorScheme: "light" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.click("#theme");
  const dark = await ground();
  check("the switch makes it dark", light !== dark && (await page.locator("#theme").textContent()) === "Light colours", [light, dark]);
  await page.reload();
  equal("and it stays so", await ground(), dark);
  await close();
}

async function without(browser, url) {
  const { page, seen, close } = await open(browser, url, { javaScriptEnabled: false });
  const text = await page.locator("body").innerText();
  for (const word of ["SIMULATED", "need JavaScript", "What to do next", "The worst 100 of", "Evidence"]) {
    check(`without JavaScript it says ${word}`, text.includes(word));
  }
  equal("without JavaScript there are the worst", await page.locator("#worst .finding").count(), 100);
  check("and no filters", !(await page.locator("#filters").isVisible()));
  await page.locator("#worst .finding summary").first().click();
  check("evidence unfolds", await page.locator("#worst .finding .evidence").first().isVisible());
  equal("and no request either", seen.requests.length, 1);
  await close();
}

async function quiet(browser) {
  const server = await served(source);
  const { page, seen, close } = await open(browser, server.url);
  await page.fill("#f-text", "key");
  await page.locator("#list .row .toggle").first().click();
  await page.waitForTimeout(300);
  equal("a server is asked for the page alone", server.asked, ["/"]);
  equal("and the browser asks for nothing else", seen.requests, [server.url]);
  await close();
  await server.close();
}

await run(async (browser) => {
  const url = address(file);
  const { page, seen, close } = await open(browser, url);
  await summary(page);
  await filters(page);
  await grouping(page);
  await muted(page);
  await keyboard(page);
  await links(browser, page, url);
  await saves(page);
  equal("no request but for the page itself", seen.requests.filter((one) => !one.startsWith("blob:")), [url]);
  equal("nothing was said or refused", seen.said, []);
  check("the page has no address in it that is asked", !/(src|href)="(https?:)?\/\//.test(source));
  check("it fits an e-mail", statSync(file).size < 3_000_000, statSync(file).size);
  await close();
  await copies(browser, url);
  await paper(browser, url);
  await access(browser, url);
  await theme(browser, url);
  await without(browser, url);
  await quiet(browser);
});

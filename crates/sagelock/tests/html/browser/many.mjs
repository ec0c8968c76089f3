// Twenty thousand findings: what is done with them, and how long it takes.

import { readFileSync, statSync } from "node:fs";
import { address, check, emptyText, equal, ids, number, open, run, status } from "./harness.mjs";

const [, , file, csv] = process.argv;
// What a person does not notice, and what a person waits for; in milliseconds.
const FILTER_MAX = 100;
const PAINT_MAX = 2000;

// Does something three times, and says how long the page's own work took at best.
async function timed(page, act) {
  const times = [];
  for (let turn = 0; turn < 3; turn += 1) {
    await page.evaluate(() => performance.clearMeasures());
    await act(turn);
    times.push(await page.evaluate(() => performance.getEntriesByName("filter").reduce((sum, one) => Math.max(sum, one.duration), 0)));
  }
  return Math.min(...times);
}

await run(async (browser) => {
  const { page, seen, close } = await open(browser, address(file));
  const all = number(await status(page));
  check("there are twenty thousand", all >= 20_000, all);
  const begun = await page.evaluate(() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    ready: performance.getEntriesByName("ready")[0].duration,
  }));
  check("the first paint is soon", begun.paint < PAINT_MAX, begun);
  check("and so is the list", begun.ready < 2 * PAINT_MAX, begun);
  await page.waitForTimeout(1500);
  const work = {
    "a verdict": (turn) => page.locator("#f-verdict-pass").setChecked(turn % 2 === 1),
    "a rule": (turn) => page.selectOption("#f-rule", ["EP-001", "", "EP-010"][turn]),
    "a text": (turn) => page.fill("#f-text", ["scoring-01", "endpoint/scoring", "0199 ep-001"][turn]),
    "a group": (turn) => page.selectOption("#f-group", ["rule", "team", "none"][turn]),
    "nothing": () => page.evaluate(() => document.getElementById("f-text").dispatchEvent(new Event("input"))),
  };
  const took = {};
  for (const [name, act] of Object.entries(work)) {
    took[name] = Math.round(await timed(page, act));
    check(`filtering by ${name} takes no time`, took[name] < FILTER_MAX, took[name]);
    await emptyText(page);
    await page.selectOption("#f-rule", "");
    await page.locator("#f-verdict-pass").setChecked(true);
  }
  const held = await ids(page);
  check("only rows near the view are in the page", held.length > 20 && held.length < 400, held.length);
  await page.mouse.move(640, 600);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await page.waitForFunction(() => {
    const row = document.elementFromPoint(640, 450)?.closest("#list .row");
    return row && Number(row.dataset.item) > 5000;
  });
  check("far below there are rows as well", true);
  await page.locator("#list .toggle").first().focus();
  await page.keyboard.press("End");
  equal("the last row is reached", await page.evaluate(() => Number(document.activeElement.dataset.item)), all - 1);
  const rows = await page.locator("#list .row").count();
  check("and still only those near the view are there", rows < 600, rows);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#csv")]);
  check("the saved CSV is that of the format csv", readFileSync(await download.path(), "utf8") === readFileSync(csv, "utf8"));
  await page.click("#whole");
  equal("all rows can be put into the page", (await ids(page)).length, all);
  equal("nothing was said or refused", seen.said, []);
  console.error(JSON.stringify({ findings: all, bytes: statSync(file).size, ...begun, filter_ms: took }));
  await close();
});

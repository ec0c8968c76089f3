// An estate in which everything that a stranger may name is named with ill will.

import { readFileSync } from "node:fs";
import { address, check, emptyText, equal, number, open, run, status, violations } from "./harness.mjs";

const [, , file, csv] = process.argv;

await run(async (browser) => {
  const url = address(file);
  for (const options of [{}, { javaScriptEnabled: false }, { bypassCSP: true }]) {
    const how = JSON.stringify(options);
    const { page, seen, close } = await open(browser, url, options);
    const isScripted = options.javaScriptEnabled !== false;
    if (isScripted) {
      check(`all are there, ${how}`, number(await status(page)) >= 90, await status(page));
      for (const word of ["fail", "unknown", "not applicable"]) {
        check(`some are ${word}, ${how}`, (await status(page)).includes(word), await status(page));
      }
      for (const group of ["rule", "place", "team"]) await page.selectOption("#f-group", group);
      await page.selectOption("#f-group", "none");
      const rows = await page.locator("#list .row .toggle").count();
      for (let row = 0; row < rows; row += 7) await page.locator("#list .row .toggle").nth(row).click();
      await page.fill("#f-text", "<img src=x");
      check(`hostile text is found as text, ${how}`, number(await status(page)) > 5);
      await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
      await page.evaluate(() => dispatchEvent(new Event("afterprint")));
      await emptyText(page);
      const written = "</script><script>alert(1)</script>";
      const isShown = (text) => document.getElementById("list").innerText.includes(text);
      // The list is drawn in the frame after; where it never is, what there is instead is told.
      await page.waitForFunction(isShown, written, { timeout: 10_000 }).catch(() => {});
      const shown = await page.locator("#list").innerText();
      check(`it is shown as it was written, ${how}`, shown.includes(written), shown.slice(0, 600));
    }
    const made = await page.locator("img, iframe, base, object, embed, [onerror], [onload], a[href^='javascript']").count();
    equal(`nothing became markup, ${how}`, made, 0);
    equal(`the scripts are the page's own, ${how}`, await page.locator("script:not([type])").count(), 2);
    equal(`nothing ran, ${how}`, [seen.dialogs, seen.said, seen.requests], [0, [], [url]]);
    if (isScripted && !options.bypassCSP) equal("axe", await violations(page), []);
    if (isScripted) {
      const [download] = await Promise.all([page.waitForEvent("download"), page.click("#csv")]);
      const saved = readFileSync(await download.path(), "utf8");
      equal(`the saved CSV is that of the format csv, ${how}`, saved, readFileSync(csv, "utf8"));
    }
    await close();
  }
});

// Pages that are spoilt, each in one way: the checks of the other scripts catch every one.

import { check, open, overflow, run, served, violations } from "./harness.mjs";

const page = (body, head = "") =>
  `<!DOCTYPE html><html lang="en"><head><title>t</title>${head}</head><body><main><h1>t</h1>${body}</main></body></html>`;

async function spoilt(browser, body, options, look) {
  const server = await served(body);
  const opened = await open(browser, server.url, options);
  await opened.page.waitForTimeout(200);
  await look(opened, server);
  await opened.close();
  await server.close();
}

await run(async (browser) => {
  await spoilt(browser, page("<p>good</p>"), {}, async ({ page, seen }, server) => {
    check("a good page is quiet, but for its icon", seen.requests.length === 1 && server.asked.length <= 2, server.asked);
    check("a good page has no violation", (await violations(page)).length === 0, await violations(page));
    check("a good page fits", (await overflow(page)) === 0);
  });
  await spoilt(browser, page('<img src="/x" alt="x">'), {}, ({ seen }, server) => {
    check("a request is seen", seen.requests.length === 2 && server.asked.includes("/x"), [seen.requests, server.asked]);
  });
  await spoilt(browser, page("<img src=x alt=x onerror=alert(1)>"), {}, ({ seen }) => {
    check("what runs is seen", seen.dialogs === 1, seen);
  });
  const policy = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`;
  await spoilt(browser, page("<script>alert(1)</script>", policy), {}, ({ seen }) => {
    check("what a policy refuses is seen", seen.dialogs === 0 && seen.said.length > 0, seen);
  });
  await spoilt(browser, page('<p style="color:#aaa;background:#fff">pale</p><button></button>'), {}, async ({ page }) => {
    const found = (await violations(page)).join(" ");
    check("pale letters are seen", found.includes("color-contrast"), found);
    check("a button without a name is seen", found.includes("button-name"), found);
  });
  await spoilt(browser, page('<div style="width:900px">wide</div>'), { viewport: { width: 390, height: 844 } }, async ({ page }) => {
    check("what is too wide is seen", (await overflow(page)) > 0);
  });
});

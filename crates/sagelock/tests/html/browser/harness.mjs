// Chromium, and checks that are counted. The last line says how many passed and failed.

import http from "node:http";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
FLAGS.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let passed = 0;
let failed = 0;

// Counts a check; `told` is said where it fails.
export function check(name, isTrue, told = "") {
  if (isTrue) passed += 1;
  else {
    failed += 1;
    console.error(`FAILED ${name}: ${typeof told === "string" ? told : JSON.stringify(told)}`);
  }
}

export function equal(name, found, expected) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  check(name, a === b, `${a?.slice(0, 600)} is not ${b?.slice(0, 600)}`);
}

// Runs the checks of a script in a browser of its own.
export async function run(body) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  try {
    await body(browser);
  } catch (error) {
    check("the script ends", false, String(error?.stack ?? error));
  } finally {
    await browser.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

export const address = (path) => pathToFileURL(path).href;

// Opens a page; what it asks for, says and refuses is kept with it. `alert` and what a hostile
// text calls are counted too.
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const seen = { requests: [], said: [], dialogs: 0 };
  await context.route("**", (route) => {
    seen.requests.push(route.request().url());
    return route.continue();
  });
  const page = await context.newPage();
  page.on("console", (message) => seen.said.push(message.text()));
  page.on("pageerror", (error) => seen.said.push(String(error)));
  page.on("dialog", (dialog) => {
    seen.dialogs += 1;
    return dialog.dismiss();
  });
  await page.goto(url);
  return { page, seen, close: () => context.close() };
}

// What axe finds wrong by the rules of WCAG 2.2 AA and its own good practice.
export async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

// A server of one page on loopback, which counts what is asked of it.
export async function served(body) {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  return { url, asked, close: () => new Promise((resolve) => server.close(resolve)) };
}

// Whether a line of the list is cut or goes beyond the page's side.
export const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

export const ids = (page) =>
  page.evaluate(() => [...document.querySelectorAll("#list .row[data-id]")].map((row) => row.dataset.id));

// Empties the text filter. A key does it, and the page handles a key some time after it was sent.
export async function emptyText(page) {
  await page.fill("#f-text", "");
  await page.waitForFunction(() => document.getElementById("f-text").value === "" && !location.hash.includes("text="));
}

export const status = (page) => page.locator("#status").textContent();

// The first number of a text, its thousands apart or not.
export const number = (text) => Number(/[\d\u202f]+/.exec(text)[0].replaceAll("\u202f", ""));

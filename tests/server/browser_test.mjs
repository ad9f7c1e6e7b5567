// The page at / as people use it: Debian's Chromium, driven by playwright-core, on a running dcp
// between two real servers.
//
//   node browser_test.mjs DCP_PROGRAM
//
// DCP_TEST_SCREENSHOTS=DIR keeps pictures of it. Ends with 1 and a line for what did not hold.
import assert from "node:assert/strict";
import {execFileSync, spawn} from "node:child_process";
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {createServer} from "node:net";
import {tmpdir} from "node:os";
import path from "node:path";

const program = path.resolve(process.argv[2]);
const servers = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../servers");
const PATIENCE = 60_000;
const TOKEN = "token-of-the-browser-test";
const SECRET = "nobody-may-read-this";
// Keys that would do something on a page that takes them for markup, or hide what stands beside them.
const KEYS = {script: "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>",
  bidi: "\u202Eevil\u2066", nul: "a\0b", emoji: "🦭 'quoted' \"and\" `more`"};

const run = (command, args, input) => execFileSync(command, args, {encoding: "utf8", input, stdio: ["pipe", "pipe", "inherit"]});
const driver = run(path.join(servers, "fetch"), ["browser_driver"]).trim();
const require = createRequire(path.join(driver, "node_modules", "x.js"));
const {chromium} = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// ---- the servers and dcp ----

const dir = mkdtempSync(path.join(tmpdir(), "dcp-page-"));
const pictures = process.env.DCP_TEST_SCREENSHOTS;
if (pictures) mkdirSync(pictures, {recursive: true});
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const {port} = server.address();
    server.close(() => resolve(port));
  });
});
let pair, dcp, port;

const sql = (which, text) => run(pair.MYSQL, ["--default-character-set=utf8mb4", `--socket=${pair[which]}`, "-uroot", "-N"], text).trim();
const hex = (text) => "0x" + Buffer.from(text).toString("hex");
const onSource = (text) => sql("SOURCE_SOCKET", text);
const onReplica = (text) => sql("REPLICA_SOCKET", text);

const startServers = () => {
  const lines = run(path.join(servers, "launch"), ["start-pair", path.join(dir, "servers")]);
  pair = Object.fromEntries(lines.trim().split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)));
  onSource("CREATE DATABASE shop; CREATE TABLE shop.orders (id VARCHAR(100) CHARACTER SET utf8mb4 " +
    "PRIMARY KEY, state VARCHAR(300) CHARACTER SET utf8mb4, amount INT, card VARCHAR(50));" +
    "CREATE TABLE shop.busy (id INT PRIMARY KEY, n INT); INSERT INTO shop.busy VALUES (1, 0);");
};
const collector = (name, id, serverPort, tag) => `[[collector]]
type = "mysql"
name = "${name}"
server_id = ${id}
host = "127.0.0.1"
port = ${serverPort}
user = "dcp"
password_env = "DCP_TEST_PASSWORD"
tags = [{ tag = "${tag}", tables = ["shop.*"] }]
`;
const configure = () => writeFileSync(path.join(dir, "dcp.toml"), `[barrier]
host = "127.0.0.1"
port = ${pair.SOURCE_PORT}
user = "dcp"
password_env = "DCP_TEST_PASSWORD"
interval = "300ms"
${collector("source", 4201, pair.SOURCE_PORT, "src")}${collector("replica", 4202, pair.REPLICA_PORT, "dst")}
[[check]]
name = "orders <b>of</b> the shop"
source = "src"
targets = ["dst"]
[[mask]]
tables = ["shop.orders"]
columns = ["card"]
[http]
listen = "127.0.0.1:${port}"
token_file = "${dir}/token"
[state]
dir = "${dir}/state"
`);
const startDcp = async () => {
  dcp = spawn(program, ["run", "--config", path.join(dir, "dcp.toml")], {env: {...process.env, DCP_TEST_PASSWORD: "dcp"}, stdio: ["ignore", "pipe", "pipe"]});
  let log = "";
  for (const stream of [dcp.stdout, dcp.stderr]) stream.on("data", (data) => { log += data; });
  await until("dcp listens", () => {
    assert.equal(dcp.exitCode, null, log);
    return log.includes("HTTP on");
  });
};
const stopDcp = (signal = "SIGTERM") => new Promise((resolve) => {
  if (!dcp || dcp.exitCode !== null || dcp.signalCode !== null) return resolve();
  dcp.once("exit", resolve);
  dcp.kill(signal);
});
const diffs = (...args) => run(program, ["diffs", ...args, "--dir", path.join(dir, "state")]);
const until = async (what, holds) => {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error("never came: " + what);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

// ---- the page ----

let browser, page;
const complaints = [];  // of the browser
const asked = [];       // of the page
const openPage = async () => {
  browser = await chromium.launch({executablePath: "/usr/bin/chromium", args: process.getuid() === 0 ? ["--no-sandbox"] : []});
  page = await browser.newPage({viewport: {width: 1280, height: 900}, colorScheme: "light"});
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused connection is said by the browser itself, and meant to happen here.
    const refused = /net::ERR_(?!BLOCKED)|status of 401/.test(message.text());
    if (message.type() === "error" && !refused) complaints.push(message.text());
  });
  page.on("request", (request) => asked.push(request));
  await page.goto(`http://127.0.0.1:${port}/`);
};
const finding = (text) => page.locator("details.finding", {hasText: text});
const chipOf = (item) => item.locator("summary .chip").textContent();
const awaitChip = (item, word) => until("a finding that is " + word, async () => (await chipOf(item)) === word);
const present = () => page.waitForFunction(() => document.body.dataset.live === "true");

const TESTS = {
  async "a wrong token is asked for again, the right one opens the page"() {
    const field = page.getByRole("textbox", {name: "Token"});
    await field.fill("wrong");
    await field.press("Enter");
    await page.getByText("The token is not right").waitFor();
    await field.fill(TOKEN);
    await field.press("Enter");
    await present();
    assert.equal(await page.evaluate(() => localStorage.getItem("dcp-token")), null);
  },

  async "a check that is equal is shown as that, with its segments"() {
    onSource("INSERT INTO shop.orders VALUES ('one', 'new', 1, 'x')");
    await until("all equal", async () => (await page.locator("#overall").textContent()) === "all equal");
    await until("bars", async () => (await page.locator(".strip rect.same").count()) > 3);
    assert.equal(await page.locator("h3").first().textContent(), "orders <b>of</b> the shop");
    assert.equal(await page.locator("canvas").count(), 2);
  },

  async "a difference appears without a reload, with both rows and what differs marked"() {
    await page.evaluate(() => { window.sameDocument = true; });
    onReplica("UPDATE shop.orders SET state = 'paid', amount = 10 WHERE id = 'one'");
    const item = finding("shop.orders[\"one\"]");
    await item.locator("summary").click();
    const differing = item.locator("tr.differs");
    assert.equal(await differing.count(), 2);
    assert.deepEqual(await differing.first().locator("th bdi, td").allTextContents(), ["state", "new", "paid"]);
    assert.deepEqual(await differing.last().locator("th bdi, td").allTextContents(), ["amount", "1", "10"]);
    assert.equal(await page.evaluate(() => window.sameDocument), true);
    await page.waitForFunction(() => document.title.startsWith("(1)"));
    await page.locator(".strip rect.diff").first().waitFor();
  },

  async "what rows hold is text, whatever it is"() {
    for (const [name, key] of Object.entries(KEYS)) {
      onReplica(`INSERT INTO shop.orders VALUES (CONVERT(${hex(key)} USING utf8mb4), CONVERT(${hex(key + name)} USING utf8mb4), 1, '${SECRET}')`);
    }
    await until("all of them", async () => (await page.locator("details.finding").count()) === 5);
    await page.evaluate(() => document.querySelectorAll("details.finding").forEach((item) => { item.open = true; }));
    const text = await page.locator("#findings").innerText();
    assert.ok(text.includes("<script>window.hacked=1</script><img src=x onerror=window.hacked=1>script"), text);
    assert.ok(text.includes("\\u202eevil\\u2066bidi"), text);
    assert.ok(text.includes("a\\u0000bnul"), text);
    assert.ok(text.includes(KEYS.emoji + "emoji"), text);
    assert.ok(!/[\u202e\u2066\0]/.test(text));
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("#findings img, #findings script, h3 b").count(), 0);
  },

  async "masked columns stay masked"() {
    assert.ok(!(await page.content()).includes(SECRET));
    const answer = await page.request.get(`http://127.0.0.1:${port}/findings`, {headers: {Authorization: "Bearer " + TOKEN}});
    const body = await answer.text();
    assert.ok(!body.includes(SECRET) && body.includes("***"));
  },

  async "everybody can use it, in the light and in the dark, on narrow and wide screens"() {
    for (const [width, height] of [[360, 780], [1920, 1080]]) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize({width, height});
        await page.emulateMedia({colorScheme, reducedMotion: "reduce"});
        const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
        assert.ok(wide <= width, `at ${width} px it is ${wide} px wide`);
        if (pictures) await page.screenshot({path: path.join(pictures, `page-${width}-${colorScheme}.png`), fullPage: true});
        if ((width === 360) !== (colorScheme === "light")) continue;  // each width and each colour once
        await page.evaluate(axe);
        const {violations} = await page.evaluate(() => window.axe.run(document, {resultTypes: ["violations"]}));
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html + " " + n.failureSummary).join("; ")}`), []);
      }
    }
    await page.setViewportSize({width: 1280, height: 900});
  },

  async "the colours can be chosen, and are kept"() {
    await page.emulateMedia({colorScheme: "light"});
    const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await back();
    const button = page.getByRole("button", {name: /Colours/});
    await button.click();
    await button.click();
    assert.equal(await button.textContent(), "Colours: dark");
    assert.notEqual(await back(), light);
    await button.click();
    assert.equal(await back(), light);
  },

  async "the keys alone are enough to read, note and acknowledge"() {
    await page.evaluate(() => document.querySelectorAll("details.finding").forEach((item) => { item.open = false; }));
    await page.locator("#theme").focus();
    const focused = () => page.evaluate(() => document.activeElement.outerHTML.slice(0, 60) + document.activeElement.textContent);
    const tabTo = async (part) => {
      for (let i = 0; i < 40; ++i) {
        if ((await focused()).includes(part)) return;
        await page.keyboard.press("Tab");
      }
      assert.fail("no key leads to " + part + ", but to " + await focused());
    };
    await tabTo("role=\"slider\"");
    const spoken = () => page.evaluate(() => document.activeElement.getAttribute("aria-valuetext"));
    await page.keyboard.press("Home");
    const oldest = await spoken();
    assert.match(oldest, /^Segment \d+–\d+ at /);
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await spoken(), oldest);
    await tabTo("shop.orders[\"one\"]");
    await page.keyboard.press("Enter");
    await tabTo("maxlength=\"500\"");
    await page.keyboard.type("repair at six");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const item = finding("shop.orders[\"one\"]");
    await awaitChip(item, "acknowledged");
    await page.getByText("repair at six").waitFor();
    assert.match(await focused(), /shop\.orders/);
    const listed = JSON.parse(diffs("show", "shop.orders[\"one\"]", "--json"));
    assert.deepEqual([listed.status, listed.ack.note], ["acknowledged", "repair at six"]);
  },

  async "what is said elsewhere shows here, and the other way round"() {
    const item = finding("shop.orders[\"one\"]");
    diffs("ack", "shop.orders[\"one\"]", "--undo");
    await awaitChip(item, "open");
    await item.getByRole("button", {name: "Acknowledge"}).click();
    await item.getByRole("button", {name: "Take back"}).click();
    await awaitChip(item, "open");
    const other = finding("emoji");
    await other.locator("summary").click();
    await other.getByLabel("Ignore for").selectOption("12h");
    await other.getByRole("button", {name: "Ignore"}).click();
    await awaitChip(other, "ignored");
    assert.match(diffs("ignore", "--list"), /until/);
  },

  async "what is repaired goes"() {
    onReplica("UPDATE shop.orders SET state = 'new', amount = 1 WHERE id = 'one'");
    await until("four findings", async () => (await page.locator("details.finding").count()) === 4);
    assert.equal(await finding("shop.orders[\"one\"]").count(), 0);
  },

  async "after a crash of dcp the page goes on where it was"() {
    const before = await page.locator(".strip rect.same, .strip rect.diff").count();
    await stopDcp("SIGKILL");
    await page.waitForFunction(() => document.body.dataset.live === "false");
    onSource("UPDATE shop.busy SET n = n + 1");
    const events = () => asked.filter((request) => request.url().endsWith("/events"));
    const statuses = asked.filter((request) => request.url().endsWith("/status")).length;
    await startDcp();
    await present();
    const id = await events().at(-1).headerValue("last-event-id");
    assert.ok(Number(id) > 0, String(id));
    const strip = page.locator(".strip");
    await until("new segments", async () => Number(await strip.getAttribute("aria-valuemax")) >= Math.min(120, before + 2));
    assert.equal(asked.filter((request) => request.url().endsWith("/status")).length, statuses);
    assert.equal(await page.evaluate(() => window.sameDocument), true);
  },

  async "jobs are shown with what /status has of them"() {
    assert.equal(await page.locator("#jobs-section").isVisible(), false);
    const other = await browser.newPage({viewport: {width: 1280, height: 900}});
    other.on("pageerror", (error) => complaints.push(String(error)));
    const job = {job: "nightly <i>", source: "a:1", target: "b:2", schedule: "0 3 * * *", time_zone: "UTC", next_start: "2030-01-01T03:00:00.000Z", running: true, missed: 2,
      progress: {tables: 3, tables_done: 1, rows: 250, rows_about: 1000, paused: false},
      runs: [{number: 1, result: "different", started: "2029-01-01T03:00:00.000Z", ended: "2029-01-01T03:10:00.000Z", tables: 3, rows: 1000, different: 4, undecided: 0, skipped: 0, detail: ""}]};
    await other.route("**/status", async (route) => {
      const real = await route.fetch();
      await route.fulfill({response: real, json: {...await real.json(), jobs: [job]}});
    });
    await other.route("**/events", (route) => route.abort());
    await other.addInitScript((token) => sessionStorage.setItem("dcp-token", token), TOKEN);
    await other.goto(page.url());
    const bar = other.getByRole("progressbar", {name: "Progress of nightly <i>"});
    await bar.waitFor();
    assert.equal(await bar.evaluate((b) => b.value / b.max), 0.25);
    const text = await other.locator("#jobs").innerText();
    for (const part of ["nightly <i>", "a:1 → b:2", "runs", "1 of 3 tables", "2 starts missed", "4 different"]) assert.ok(text.includes(part), part + " is not in " + text);
    if (pictures) await other.screenshot({path: path.join(pictures, "jobs.png"), fullPage: true});
    await other.close();
  },

  async "nothing is fetched from elsewhere, and the browser has nothing to complain of"() {
    const others = asked.map((request) => request.url()).filter((url) => !url.startsWith(`http://127.0.0.1:${port}/`) && !url.startsWith("data:"));
    assert.deepEqual(others, []);
    assert.deepEqual(complaints, []);
  },
};

let failed = 0, passed = 0;
try {
  writeFileSync(path.join(dir, "token"), TOKEN);
  port = await freePort();
  startServers();
  configure();
  await startDcp();
  await openPage();
  for (const [name, test] of Object.entries(TESTS)) {
    const begun = Date.now();
    await test();
    ++passed;
    console.log(`ok: ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  }
} catch (error) {
  ++failed;
  console.log("FAILED:", Object.keys(TESTS)[passed], error);
  if (pictures && page) await page.screenshot({path: path.join(pictures, "failed.png"), fullPage: true}).catch(() => {});
} finally {
  if (browser) await browser.close().catch(() => {});
  await stopDcp();
  if (existsSync(path.join(dir, "servers", "programs"))) run(path.join(servers, "launch"), ["stop", path.join(dir, "servers")]);
  rmSync(dir, {recursive: true, force: true});
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

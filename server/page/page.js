
// dcp's page. It shows what /status and /findings say and what /events adds to it. All text from
// there goes through textContent; no markup is made of it.
"use strict";
(() => {
  const MAX_SEGMENTS = 120;      // of a check and target, as the daemon keeps
  const CHART_SECONDS = 600;
  const SILENCE_MS = 10000;      // the daemon says something every second
  const LONG_CELL = 2000;        // characters of a value that are shown

  const byId = (id) => document.getElementById(id);
  const key = (thing) => JSON.stringify([thing.check, thing.target]);

  // ---- text ----

  // Characters that would not be seen, or would change what stands beside them.
  const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const readable = (text) => {
    const cut = text.length > LONG_CELL ? text.slice(0, LONG_CELL) + "… (" + text.length + " characters)" : text;
    return cut.replace(UNSEEN, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  };
  const count = (n) => Number(n).toLocaleString("en");
  const bytes = (n) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let i = 0;
    for (; n >= 1024 && i < units.length - 1; ++i) n /= 1024;
    return (i && n < 10 ? n.toFixed(1) : Math.round(n)) + " " + units[i];
  };
  const seconds = (s) => {
    if (s === null || s === undefined) return "never";
    if (s < 0) return "0 s";
    if (s < 10) return s.toFixed(1) + " s";
    if (s < 120) return Math.round(s) + " s";
    if (s < 7200) return Math.round(s / 60) + " min";
    return s < 172800 ? Math.round(s / 3600) + " h" : Math.round(s / 86400) + " days";
  };
  const rate = (n) => (n < 10 ? n.toFixed(1) : count(Math.round(n))) + " rows/s";
  const clock = (iso) => {
    const at = new Date(iso);
    const today = at.toDateString() === new Date().toDateString();
    return today ? at.toLocaleTimeString() : at.toLocaleString();
  };
  const plural = (n, one, many) => count(n) + " " + (Number(n) === 1 ? one : many || one + "s");

  // ---- elements ----

  // make("p", {class: "quiet"}, "text", child…); what is null is left out.
  const make = (tag, attributes, ...children) => {
    const svg = tag === "svg" || tag === "rect";
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const value = (text) => make("bdi", null, readable(String(text)));
  const setText = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };
  const setChip = (element, [text, kind]) => {
    setText(element, text);
    if (element.dataset.kind !== kind) {
      element.dataset.kind = kind;
      element.className = "chip " + kind;
    }
  };
  const say = (text) => setText(byId("said"), text);
  const notice = (text) => {
    byId("notice").hidden = !text;
    setText(byId("notice"), text || "");
  };

  // Keeps the children of `parent` in the order of `things`, each made once for its name.
  const reconcile = (parent, things, nameOf, create, update) => {
    const old = new Map();
    for (const child of [...parent.children]) old.set(child.dataset.name, child);
    let before = null;
    for (const thing of things) {
      const name = nameOf(thing);
      let child = old.get(name);
      if (child) {
        old.delete(name);
      } else {
        child = create(thing);
        child.dataset.name = name;
      }
      update(child, thing);
      const place = before ? before.nextSibling : parent.firstChild;
      if (place !== child) parent.insertBefore(child, place);
      before = child;
    }
    for (const child of old.values()) child.remove();
  };

  // ---- what is known ----

  let status = null;
  let findings = null;
  let lastId = "";
  const segments = new Map();  // by key: the last ones
  const pace = new Map();      // by key: [{t, lag, rate}]

  const addPace = (name, t, lag, rows) => {
    const all = pace.get(name) || [];
    pace.set(name, all);
    if (all.length && all[all.length - 1].t >= t) return;
    all.push({t, lag, rate: rows});
    while (all.length && all[0].t < t - CHART_SECONDS) all.shift();
  };
  const addSegment = (segment) => {
    const all = segments.get(key(segment)) || [];
    segments.set(key(segment), all);
    if (all.length && all[all.length - 1].number >= segment.number) return;
    all.push(segment);
    if (all.length > MAX_SEGMENTS) all.shift();
    if (segment.number > Number(lastId || 0)) lastId = String(segment.number);
  };
  const takeWhole = (whole) => {
    segments.clear();
    pace.clear();
    lastId = "0";
    for (const check of whole.checks) {
      check.recent.forEach(addSegment);
      for (const p of check.pace) addPace(key(check), Date.parse(p.at) / 1000, p.lag_seconds, p.rows_per_second);
    }
    takeStatus(whole);
  };
  const takeStatus = (next) => {
    status = next;
    const now = Date.now() / 1000;
    for (const check of status.checks) addPace(key(check), now, check.lag_seconds, check.rows_per_second);
    showStatus();
  };

  // ---- checks ----

  const RANK = {diff: 0, unverified: 1, idle: 2, same: 3};
  const stateOf = (check) => {
    const last = (segments.get(key(check)) || []).at(-1);
    if (check.open_findings > 0) return [plural(check.open_findings, "row") + " differ" + (check.open_findings === 1 ? "s" : ""), "diff"];
    if (!check.running) return ["waits for a common barrier", "idle"];
    if (last && last.verdict === "unverified") return ["not verified", "unverified"];
    if (last && last.verdict === "diff") return ["differed", "diff"];
    return last ? ["equal", "same"] : ["nothing judged yet", "idle"];
  };

  const describe = (segment) => {
    let text = "Segment " + segment.from + "–" + segment.to + " at " + clock(segment.at) + ": " + segment.verdict;
    if (segment.diff_count > 0) text += ", " + plural(segment.diff_count, "differing row");
    if (segment.known > 0) text += ", " + plural(segment.known, "row") + " known to differ";
    if (segment.unverified_reason) text += ", " + segment.unverified_reason;
    if (segment.late) text += ", late";
    return text + "; " + plural(segment.source_rows, "change") + " on the source, " + count(segment.target_rows) + " on the target";
  };

  // The strip: one bar for each segment, the newest at the right; the arrow keys go through them.
  const HEIGHT = {same: 14, unverified: 24, diff: 34};
  const makeStrip = () => {
    const svg = make("svg", {viewBox: "0 0 " + MAX_SEGMENTS * 6 + " 38", preserveAspectRatio: "none", "aria-hidden": "true"});
    const strip = make("div", {class: "strip", role: "slider", tabindex: "0"}, svg);
    strip.addEventListener("keydown", (event) => {
      const all = segments.get(strip.dataset.key) || [];
      const at = strip.chosen === undefined ? all.length - 1 : all.findIndex((s) => s.number === strip.chosen);
      const to = {ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 10, PageUp: at + 10, Home: 0, End: all.length - 1}[event.key];
      if (event.key === "Escape") choose(strip, undefined);
      if (to === undefined || !all.length) return;
      event.preventDefault();
      choose(strip, all[Math.max(0, Math.min(all.length - 1, to))].number);
    });
    const point = (event) => {
      const all = segments.get(strip.dataset.key) || [];
      const box = strip.getBoundingClientRect();
      const slot = Math.floor((event.clientX - box.left) / box.width * MAX_SEGMENTS);
      const at = slot - (MAX_SEGMENTS - all.length);
      if (all[at]) choose(strip, all[at].number);
    };
    strip.addEventListener("pointermove", point);
    strip.addEventListener("pointerdown", point);
    strip.addEventListener("pointerleave", () => {
      if (document.activeElement !== strip) choose(strip, undefined);
    });
    strip.addEventListener("blur", () => choose(strip, undefined));
    return strip;
  };
  const choose = (strip, number) => {
    strip.chosen = number;
    showStrip(strip);
  };
  const showStrip = (strip) => {
    const all = segments.get(strip.dataset.key) || [];
    const chosen = all.find((s) => s.number === strip.chosen);
    const svg = strip.firstChild;
    const state = (all.length ? all[0].number + "-" + all.at(-1).number : "") + "/" + (chosen ? chosen.number : "");
    if (strip.shown === state) return;
    strip.shown = state;
    const bars = [make("rect", {class: "base", x: 0, y: 36, width: MAX_SEGMENTS * 6, height: 2})];
    all.forEach((segment, i) => {
      const x = (MAX_SEGMENTS - all.length + i) * 6, height = HEIGHT[segment.verdict] || 24;
      bars.push(make("rect", {class: segment.verdict, x: x + .5, y: 38 - height, width: 5, height}));
      if (segment === chosen) bars.push(make("rect", {class: "cursor", x: x - .5, y: 1, width: 7, height: 36, "vector-effect": "non-scaling-stroke"}));
    });
    svg.replaceChildren(...bars);
    const last = chosen || all.at(-1);
    strip.setAttribute("aria-valuemin", "1");
    strip.setAttribute("aria-valuemax", String(Math.max(1, all.length)));
    strip.setAttribute("aria-valuenow", String(last ? all.indexOf(last) + 1 : 1));
    strip.setAttribute("aria-valuetext", last ? describe(last) : "no segment was judged yet");
    showLegend(strip, all, chosen);
  };
  const showLegend = (strip, all, chosen) => {
    const legend = strip.nextSibling;
    if (chosen) return legend.replaceChildren(make("span", {class: chosen.verdict}, describe(chosen)));
    const of = (verdict) => all.filter((s) => s.verdict === verdict).length;
    const parts = [["same", "same"], ["diff", "different"], ["unverified", "unverified"]].filter(([v]) => of(v) > 0);
    legend.replaceChildren(...(parts.length ? parts.map(([v, word]) => make("span", {class: v}, of(v) + " " + word))
      : [make("span", {class: "idle"}, "no segment was judged yet")]));
  };

  const charts = new Set();
  const makeChart = (name, title) => {
    const area = make("div", {"aria-hidden": "true"});
    const now = make("strong", null, "–");
    const chart = {name, area, now, element: make("div", {class: "chart"}, make("p", {class: "quiet"}, title + " ", now), area), plot: null, width: 0};
    charts.add(chart);
    return chart;
  };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const timeOfDay = (t) => new Date(t * 1000).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: t % 60 ? "2-digit" : undefined, hour12: false});
  const drawChart = (chart, points) => {
    if (!chart.element.isConnected) return;
    const width = Math.floor(chart.area.clientWidth);
    const data = [points.map((p) => p.t), points.map((p) => p[chart.name])];
    if (width < 50) return;
    if (chart.plot && chart.width === width) return chart.plot.setData(data);
    if (chart.plot) chart.plot.destroy();
    chart.width = width;
    const axis = {stroke: color("--quiet"), grid: {stroke: color("--line"), width: 1}, ticks: {show: false}, font: "11px system-ui, sans-serif"};
    chart.plot = new uPlot({
      width, height: 96, legend: {show: false}, cursor: {show: false}, padding: [10, 8, 0, 0],
      scales: {x: {time: true, range: (u, min, max) => [Math.min(min, max - 60), max]}, y: {range: (u, min, max) => [0, Math.max(max * 1.1, 1)]}},
      axes: [{...axis, size: 22, space: 80, values: (u, ticks) => ticks.map(timeOfDay)}, {...axis, size: 44, space: 30, values: (u, ticks) => ticks.map((v) => (v >= 10000 ? v / 1000 + "k" : v))}],
      series: [{}, {stroke: color("--accent"), width: 1.5, fill: color("--accent") + "22", points: {show: false}}],
    }, data, chart.area);
  };
  const redraw = () => {
    for (const chart of charts) {
      if (!chart.element.isConnected) {
        if (chart.plot) chart.plot.destroy();
        charts.delete(chart);
        continue;
      }
      chart.width = 0;
    }
    showStatus();
  };

  const FACTS = [
    ["Verified up to barrier", (c) => count(c.verified_barrier) + (c.epoch > 1 ? " (epoch " + c.epoch + ")" : "")],
    ["Last verdict", (c) => (c.last_verdict === null ? "none yet" : seconds(c.last_verdict_age_seconds) + " ago")],
    ["Segments waiting", (c) => count(c.pending_segments) + (c.pending_bytes ? " (" + bytes(c.pending_bytes) + ")" : "")],
    ["Open findings", (c) => count(c.open_findings)],
    ["Same / diff / unverified", (c) => [c.same, c.diff, c.unverified].map(count).join(" / ")],
    ["Timeouts", (c) => count(c.timeouts)],
  ];
  const createCheck = (check) => {
    const title = make("h3", null, value(check.check));
    const card = make("article", {class: "card"});
    card.state = make("span", {class: "chip"});
    card.strip = makeStrip();
    card.strip.dataset.key = key(check);
    card.strip.setAttribute("aria-label", "Last segments of " + readable(check.check) + " to " + readable(check.target));
    card.lag = makeChart("lag", "Lag of the target");
    card.rate = makeChart("rate", "Judged");
    card.facts = FACTS.map(() => make("dd"));
    card.append(
      make("div", {class: "head"}, title, make("span", {class: "quiet"}, value(check.source), " → ", value(check.target)), card.state),
      card.strip, make("p", {class: "legend quiet"}),
      make("div", {class: "charts"}, card.lag.element, card.rate.element),
      make("dl", null, ...FACTS.map(([name], i) => make("div", null, make("dt", null, name), card.facts[i]))));
    return card;
  };
  const updateCheck = (card, check) => {
    setChip(card.state, stateOf(check));
    if (card.isConnected) showStrip(card.strip); else requestAnimationFrame(() => showStatus());
    const points = pace.get(key(check)) || [];
    setText(card.lag.now, seconds(check.lag_seconds));
    setText(card.rate.now, rate(check.rows_per_second));
    drawChart(card.lag, points);
    drawChart(card.rate, points);
    FACTS.forEach(([, text], i) => setText(card.facts[i], text(check)));
  };

  const showStatus = () => {
    if (!status) return;
    const checks = status.checks;
    const holder = byId("checks");
    if (checks.length && holder.firstElementChild && !holder.firstElementChild.dataset.name) holder.replaceChildren();
    if (checks.length) reconcile(holder, checks, key, createCheck, updateCheck);
    showOverall();
    showJobs();
    showParts();
    setText(byId("about"), "dcp " + status.version + ", started " + new Date(status.started).toLocaleString() + "; state in " + readable(status.state.dir));
    notice(status.state.writable ? "" : "The state cannot be written, and checks wait: " + readable(status.state.error));
  };
  const showOverall = () => {
    const open = status.checks.reduce((sum, check) => sum + check.open_findings, 0);
    const states = status.checks.map(stateOf).sort((a, b) => RANK[a[1]] - RANK[b[1]]);
    const down = status.collectors.filter((c) => c.type === "mysql" && !c.connected && !c.ended).length;
    let overall = states.length ? (states[0][1] === "same" ? ["all equal", "same"] : states[0]) : ["no checks", "idle"];
    if (open > 0) overall = [plural(open, "row") + " differ" + (open === 1 ? "s" : ""), "diff"];
    else if (down > 0) overall = [plural(down, "collector") + " not connected", "unverified"];
    setChip(byId("overall"), overall);
    document.title = (open > 0 ? "(" + open + ") " : "") + "dcp";
  };

  // ---- jobs ----

  const jobState = (job) => {
    if (!job.running) return ["waits", "idle"];
    return job.progress && job.progress.paused ? ["paused", "unverified"] : ["runs", "same"];
  };
  const progressOf = (job) => {
    const p = job.progress;
    if (!p) return null;
    const about = Math.max(p.rows_about, p.rows, 1);
    return make("div", null, make("progress", {max: about, value: p.rows, "aria-label": "Progress of " + readable(job.job)}),
      make("p", {class: "quiet"}, count(p.rows) + " of about " + count(p.rows_about) + " rows, " + count(p.tables_done) + " of " + plural(p.tables, "table")));
  };
  const runRow = (run) => [clock(run.started), readable(run.result), run.ended ? clock(run.ended) : "–", plural(run.rows, "row"), count(run.different) + " different, " + count(run.undecided) + " undecided",
    value(run.detail || "–")];
  const showJobs = () => {
    const jobs = Array.isArray(status.jobs) ? status.jobs : [];
    byId("jobs-section").hidden = !jobs.length;
    reconcile(byId("jobs"), jobs, (job) => job.job, () => make("article", {class: "card part"}), (card, job) => {
      const text = JSON.stringify(job);
      if (card.shown === text) return;
      card.shown = text;
      const chip = make("span");
      setChip(chip, jobState(job));
      const next = job.next_start ? "next " + clock(job.next_start) : "";
      card.replaceChildren(...[
        make("div", {class: "head"}, make("h3", null, value(job.job)), make("span", {class: "quiet"}, value(job.source), " → ", value(job.target)), chip,
          make("span", {class: "quiet"}, value([next, job.schedule && job.schedule + " " + job.time_zone, job.missed ? plural(job.missed, "start") + " missed" : ""].filter(Boolean).join("; ")))),
        progressOf(job), tableOf("Last runs", ["Began", "Result", "Ended", "Compared", "Found", "Remark"], (job.runs || []).map(runRow))].filter(Boolean));
    });
  };

  // ---- parts ----

  const tableOf = (title, columns, rows) => (rows.length === 0 ? null : make("div", {class: "scroll"},
    make("table", {class: "stack"}, make("caption", null, title),
      make("thead", null, make("tr", null, ...columns.map((c) => make("th", {scope: "col"}, c)))),
      make("tbody", null, ...rows.map((cells) => make("tr", null, ...cells.map((cell, i) =>
        (i === 0 ? make("th", {scope: "row"}, cell) : make("td", {"data-name": columns[i]}, cell)))))))));
  const chip = (ok, yes, no) => make("span", {class: "chip " + (ok ? "same" : "unverified")}, ok ? yes : no);
  const collectorRow = (c) => (c.type === "mysql"
    ? [value(c.collector), c.ended ? chip(true, "ended") : chip(c.connected, "connected", "not connected"),
      make("span", {class: "mono"}, value(c.file + ":" + c.position)), plural(c.rows, "row"), value(c.last_error || c.warning || c.purge || "–")]
    : [value(c.collector), chip(c.storage_errors === 0, plural(c.open_streams, "stream"), "storage errors"), "pushed",
      plural(c.messages, "message"), c.refused || c.lost ? count(c.refused) + " refused, " + count(c.lost) + " lost" : "–"]);
  const showParts = () => {
    const text = JSON.stringify([status.collectors, status.barriers, status.sinks, status.memory]);
    const holder = byId("parts");
    if (holder.shown === text) return;
    holder.shown = text;
    holder.replaceChildren(...[
      tableOf("Collectors", ["Collector", "State", "Position", "Read", "Remark"], status.collectors.map(collectorRow)),
      tableOf("Barriers", ["Row", "State", "Server", "Offset", "Remark"], status.barriers.map((b) => ["Barrier " + b.id, chip(b.connected, "written", "not written"),
        value(b.server), count(b.offset) + ", " + seconds(b.age_seconds) + " ago", value(b.last_error || "–")])),
      tableOf("Sinks", ["Sink", "State", "Delivered", "Waiting", "Remark"], status.sinks.map((s) => [value(s.sink), chip(!s.failing, "works", "failing"), count(s.delivered), count(s.waiting),
        s.lost || s.put_aside ? count(s.lost) + " lost, " + count(s.put_aside) + " put aside" : "–"])),
      tableOf("Memory", ["Check", "In use", "Limit", "On disk", "Remark"], status.memory.map((m) => [value(m.check), bytes(m.used_bytes), bytes(m.limit_bytes), bytes(m.spilled_bytes),
        m.intake_waits ? "a stream was held up " + plural(m.intake_waits, "time") : "–"])),
    ].filter(Boolean).map((t) => make("div", {class: "card part"}, t)));
  };

  // ---- findings ----

  const ORDER = {open: 0, acknowledged: 1, ignored: 2, resolved: 3};
  const STATUS_KIND = {open: "diff", acknowledged: "unverified", ignored: "idle", resolved: "same"};
  const showFindings = (fresh) => {
    const list = [...findings.findings].sort((a, b) => ORDER[a.status] - ORDER[b.status] || b.number - a.number);
    const of = (name) => list.filter((f) => f.status === name).length;
    const parts = Object.keys(ORDER).filter((name) => of(name) > 0).map((name) => of(name) + " " + name);
    setText(byId("findings-summary"), list.length === 0 ? "None: nothing differs that dcp has seen."
      : parts.join(", ") + (findings.more ? "; these are the newest, dcp diffs list has all" : ""));
    reconcile(byId("findings"), list, (f) => String(f.number), (f) => createFinding(f, fresh), updateFinding);
  };
  const createFinding = (finding, fresh) => {
    const item = make("details", {class: "finding" + (fresh ? " fresh" : "")});
    item.state = make("span");
    item.kind = make("span", {class: "what"});
    item.when = make("span", {class: "quiet"});
    item.key = value(finding.key);
    item.key.className = "what mono";
    item.body = make("div");
    item.actions = make("div");
    item.append(make("summary", null, item.state, item.kind, item.key, item.when), make("div", {class: "inside"}, item.body, item.actions));
    if (fresh) say("New difference: " + finding.kind + " " + readable(finding.key));
    return item;
  };
  const updateFinding = (item, finding) => {
    const text = JSON.stringify(finding);
    if (item.shown === text) return;
    item.shown = text;
    setChip(item.state, [finding.status, STATUS_KIND[finding.status]]);
    setText(item.kind, finding.kind);
    setText(item.when, "#" + finding.number + ", check " + readable(finding.check) + " → " + readable(finding.target) + ", first seen " + clock(finding.first_seen) +
      (finding.reopened ? ", reopened " + plural(finding.reopened, "time") : ""));
    item.body.replaceChildren(...[ackLine(finding), rowsOf(finding), changesOf(finding)].filter(Boolean));
    if (item.actionsFor !== finding.status) {
      item.actionsFor = finding.status;
      const had = item.actions.contains(document.activeElement);
      item.actions.replaceChildren(actionsOf(finding));
      if (had) item.querySelector("summary").focus();
    }
  };
  const ackLine = (finding) => (finding.ack ? make("p", null, "Acknowledged " + clock(finding.ack.at) + (finding.ack.note ? ": " : ""), value(finding.ack.note)) : null);

  const cell = (v) => (v === undefined ? make("span", {class: "null"}, "–") : v === null ? make("span", {class: "null"}, "NULL")
    : value(typeof v === "string" ? v : JSON.stringify(v)));
  // A side's row, as it was read or else as its last change left it; undefined: not known.
  const rowOf = (difference, side) => {
    const present = difference.present || {};
    if (side in present) return present[side];
    const change = difference[side];
    return change && change.row !== null ? change.row : undefined;
  };
  // Names of the columns by their places: a place is known where as many cells differ as names are told.
  const nameColumns = (differing, columns) => {
    const names = new Map();
    if (columns.every((c) => /^\d+$/.test(c))) return names;
    if (differing.length === columns.length) differing.forEach((at, i) => names.set(at, columns[i]));
    return names;
  };
  const rowsOf = (finding) => {
    const difference = finding.difference;
    if (!difference) return make("p", {class: "quiet"}, "Its row is not kept here: see its alarm, ", value(finding.alarm_id), ".");
    if (difference.detail) return make("p", null, value(difference.detail));
    const source = rowOf(difference, "source"), target = rowOf(difference, "target");
    const both = Array.isArray(source) && Array.isArray(target);
    const length = Math.max(Array.isArray(source) ? source.length : 0, Array.isArray(target) ? target.length : 0);
    if (length === 0) return plainRows(source, target);
    const places = [...Array(length).keys()];
    const differing = both ? places.filter((i) => JSON.stringify(source[i]) !== JSON.stringify(target[i])) : [];
    const names = nameColumns(differing, finding.columns);
    const side = (row, i) => (Array.isArray(row) ? cell(row[i]) : make("span", {class: "null"}, row === null ? "no such row" : "not known"));
    const body = places.map((i) => make("tr", {class: differing.includes(i) ? "differs" : null},
      make("th", {scope: "row"}, value(names.get(i) || String(i + 1)), differing.includes(i) ? make("span", {class: "hidden"}, " differs") : null),
      make("td", null, side(source, i)), make("td", null, side(target, i))));
    const listed = finding.columns.length && names.size === 0 ? make("p", null, "Differs in: ", value(finding.columns.join(", "))) : null;
    return make("div", null, listed, make("table", {class: "rows"}, make("caption", {class: "hidden"}, "Both rows of " + readable(finding.key)),
      make("thead", null, make("tr", null, ...["Column", "Source", "Target"].map((n) => make("th", {scope: "col"}, n)))), make("tbody", null, ...body)));
  };
  const plainRows = (source, target) => {
    const side = (row) => (row === undefined ? "not known" : row === null ? "no such row" : typeof row === "string" ? row : JSON.stringify(row));
    return make("dl", null, make("div", null, make("dt", null, "Source"), make("dd", null, value(side(source)))), make("div", null, make("dt", null, "Target"), make("dd", null, value(side(target)))));
  };
  const changesOf = (finding) => {
    const difference = finding.difference;
    if (!difference) return null;
    const line = (name, change) => make("p", {class: "quiet"}, name + ": ", change
      ? value([change.op, change.txn ? "in " + change.txn : "", change.file ? "at " + change.file + ":" + change.pos : "", change.ts || ""].filter(Boolean).join(" "))
      : "did not touch it in the segment");
    return make("div", null, line("Source", difference.source), line("Target", difference.target));
  };

  const post = async (finding, verb, body) => {
    const answer = await ask("/findings/" + finding.number + "/" + verb, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
    if (!answer.ok) throw new Error((await answer.text()).trim());
    say("#" + finding.number + " " + {ack: "is acknowledged", unack: "is open again", ignore: "is ignored"}[verb]);
    await loadFindings();
  };
  const actionsOf = (finding) => {
    const fault = make("p", {class: "notice", role: "alert", hidden: ""});
    const act = (verb, body) => () => {
      fault.hidden = true;
      post(finding, verb, body()).catch((error) => {
        fault.hidden = false;
        fault.textContent = error.message || "dcp does not answer";
      });
    };
    const button = (text, main, action) => {
      const b = make("button", {type: "button", class: main ? "main" : null}, text);
      b.addEventListener("click", action);
      return b;
    };
    if (finding.status === "ignored") return make("p", {class: "quiet"}, "A rule takes it out: dcp diffs ignore --list shows it, --remove ends it.");
    if (finding.status === "acknowledged") return make("div", null, make("div", {class: "act"}, button("Take back", false, act("unack", () => ({})))), fault);
    const note = make("input", {type: "text", maxlength: "500", autocomplete: "off"});
    const time = make("select", null, ...[["1h", "1 hour"], ["12h", "12 hours"], ["168h", "7 days"], ["", "ever"]].map(([v, t]) => make("option", {value: v}, t)));
    return make("div", null, make("div", {class: "act"},
      make("label", {class: "note"}, "Note", note),
      button("Acknowledge", true, act("ack", () => ({note: note.value}))),
      make("label", null, "Ignore for", time),
      button("Ignore", false, act("ignore", () => (time.value ? {note: note.value, for: time.value} : {note: note.value})))), fault);
  };

  // ---- the daemon ----

  class SignInNeeded extends Error {}
  const ask = async (path, options) => {
    const token = sessionStorage.getItem("dcp-token");
    const headers = {...(options && options.headers)};
    if (token) headers.Authorization = "Bearer " + token;
    const answer = await fetch(path, {cache: "no-store", credentials: "omit", ...options, headers});
    if (answer.status === 401) throw new SignInNeeded("the token is not right");
    return answer;
  };
  const load = async (path) => {
    const answer = await ask(path);
    if (!answer.ok) throw new Error(path + ": " + (await answer.text()).trim());
    return answer.json();
  };
  const loadFindings = async () => {
    const first = findings === null;
    findings = await load("/findings");
    showFindings(!first);
  };

  const handle = {
    segments: (data) => { data.forEach(addSegment); showStatus(); },
    status: takeStatus,
    findings: () => loadFindings(),
    reset: async () => takeWhole(await load("/status")),
  };
  const takeEvent = async (text) => {
    let name = "message", data = "";
    for (const line of text.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (handle[name]) await handle[name](JSON.parse(data));
  };
  const follow = async () => {
    const stop = new AbortController();
    let watchdog = 0;
    const watch = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => stop.abort(), SILENCE_MS);
    };
    try {
      watch();
      const answer = await ask("/events", {headers: {"Last-Event-ID": lastId}, signal: stop.signal});
      if (!answer.ok) throw new Error((await answer.text()).trim());
      setLive(true);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ;) {
        const {value: chunk, done} = await reader.read();
        if (done) return;
        watch();
        const events = (rest + chunk).split("\n\n");
        rest = events.pop();
        for (const event of events) await takeEvent(event);
      }
    } finally {
      clearTimeout(watchdog);
      stop.abort();
    }
  };
  const setLive = (live, why) => {
    setText(byId("live"), live ? "live" : "not connected" + (why ? " (" + why + ")" : "") + "; trying again");
    document.body.dataset.live = String(live);
  };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const signIn = () => new Promise((resolve) => {
    const dialog = byId("sign-in");
    if (sessionStorage.getItem("dcp-token")) setText(byId("sign-in-why"), "The token is not right. The one that [http] of the configuration names is needed.");
    byId("token").value = "";
    dialog.showModal();
    byId("sign-in-form").onsubmit = (event) => {
      event.preventDefault();
      sessionStorage.setItem("dcp-token", byId("token").value.trim());
      dialog.close();
      resolve();
    };
    dialog.oncancel = (event) => event.preventDefault();
  });
  const run = async () => {
    for (;;) {
      try {
        if (!status) takeWhole(await load("/status"));
        await loadFindings();
        await follow();
        setLive(false);
      } catch (error) {
        if (error instanceof SignInNeeded) {
          await signIn();
          continue;
        }
        setLive(false, error.name === "AbortError" || error.name === "TypeError" ? "" : error.message);
      }
      await pause(2000);
    }
  };

  // ---- colours ----

  const THEMES = ["auto", "light", "dark"];
  const setTheme = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    localStorage.setItem("dcp-theme", theme);
    const button = byId("theme");
    setText(button, "Colours: " + theme);
    button.setAttribute("aria-label", "Colours: " + theme);
    redraw();
  };
  byId("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || "auto";
    setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
  });
  const stored = localStorage.getItem("dcp-theme");
  setTheme(THEMES.includes(stored) ? stored : "auto");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let width = 0;
  new ResizeObserver(() => {
    if (width !== document.body.clientWidth) showStatus();
    width = document.body.clientWidth;
  }).observe(document.body);
  run();
})();

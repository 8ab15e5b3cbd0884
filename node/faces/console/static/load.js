// Load: how fast the node answers now, from its metrics, and the result of a load test from its file.

import { $, attempt, every, fill, get, h, bytes, lasting, moment, number, Refused, said, t } from "./page.js";
import { sparkline } from "./spark.js";
import { chart } from "./chart.js";

const SECONDS = 3;
const points = { requests: [], loop: [], commit: [], process: [] };
let before = null;

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

async function metrics() {
  const answer = await fetch("metrics");
  if (!answer.ok) throw new Refused(answer.status, await answer.text());
  const found = { at: performance.now() / 1000, values: {}, buckets: new Map() };
  for (const line of (await answer.text()).split("\n")) {
    const parts = LINE.exec(line);
    if (!parts) continue;
    const [, name, labels = "", value] = parts;
    const given = Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text]));
    if (name.endsWith("_bucket")) {
      const key = [name.slice(0, -7), given.face ?? "", given.operation ?? ""].join(" ");
      if (!found.buckets.has(key)) found.buckets.set(key, []);
      found.buckets.get(key).push([Number(given.le.replace("+Inf", "Infinity")), Number(value)]);
    } else found.values[name] = (found.values[name] ?? 0) + Number(value);
  }
  return found;
}

/** What came into each bucket since the reading before. */
function since(now, key) {
  const earlier = new Map(before?.buckets.get(key) ?? []);
  return now.buckets.get(key).map(([edge, count]) => [edge, count - (earlier.get(edge) ?? 0)]);
}

function percentile(buckets, share) {
  const all = buckets.at(-1)[1];
  if (!all) return null;
  const at = buckets.findIndex(([, count]) => count >= all * share);
  const [edge, count] = buckets[at];
  const [start, below] = at ? buckets[at - 1] : [0, 0];
  return edge === Infinity ? start : start + (edge - start) * ((all * share - below) / (count - below || 1));
}

const told = (seconds) => (seconds === null ? "–" : lasting(seconds));

function tile(name, value, text, note) {
  if (before) points[name] = [...points[name], value ?? 0].slice(-60);
  $(name).textContent = text;
  $(`${name}-note`).textContent = note;
  if (points[name].length > 1) sparkline($(`${name}-spark`), points[name]);
}

function rows(now, seconds) {
  const found = [];
  let all = 0;
  for (const key of now.buckets.keys()) {
    const [name, face, operation] = key.split(" ");
    if (name !== "idnode_request_seconds") continue;
    const total = now.buckets.get(key).at(-1)[1];
    if (!total) continue;
    const recent = before ? since(now, key) : now.buckets.get(key);
    const rate = before ? recent.at(-1)[1] / seconds : 0;
    all += rate;
    const shown = recent.at(-1)[1] ? recent : now.buckets.get(key);
    found.push(h("tr", {}, h("td", {}, said(`common.face_${face}`, face)), h("td", {}, said(`common.operation_${operation}`, operation)),
      h("td", { class: "num" }, number(total)), h("td", { class: "num" }, number(Math.round(rate))),
      [0.5, 0.99, 0.999].map((share) => h("td", { class: "num" }, told(percentile(shown, share))))));
  }
  fill($("latencies"), found);
  $("quiet").hidden = found.length > 0;
  return all;
}

every(SECONDS, () => attempt(async () => {
  const now = await metrics();
  const seconds = before ? now.at - before.at : SECONDS;
  const rate = rows(now, seconds);
  const loop = percentile(since(now, "idnode_loop_delay_seconds  "), 0.99);
  const commit = percentile(since(now, "idnode_commit_seconds  "), 0.99);
  const used = before ? (now.values.process_cpu_seconds_total - before.values.process_cpu_seconds_total) / seconds : 0;
  tile("requests", rate, before ? number(Math.round(rate)) : "–", t("load.connections", { count: number(now.values.idnode_connections ?? 0) }));
  tile("loop", loop, told(loop), t("load.loop_note"));
  tile("commit", commit, told(commit), t("load.commit_note", { queue: number(now.values.idnode_write_queue_items ?? 0) }));
  tile("process", used, `${Math.round(used * 100)} %`, t("load.memory", { memory: bytes(now.values.process_resident_memory_bytes ?? 0) }));
  before = now;
}));

// The result of a load test

const PERCENTILES = ["p50", "p90", "p95", "p99", "p99.9", "max"];

function result(found) {
  const well = found.exit_code === 0;
  const shares = PERCENTILES.filter((name) => name in found.all.corrected_ms);
  return [
    h("p", { class: `notice ${well ? "" : "bad"}`, id: "verdict" }, h("b", {}, found.verdict), ` · ${found.profile.title ?? found.profile.name} · ${lasting(found.seconds)}`),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("load.by_operation") }, h("table", {},
      h("thead", {}, h("tr", {}, ["face", "operation", "count", "a_second", "failed"].map((name, at) => h("th", { scope: "col", class: at > 1 ? "num" : null }, t(`load.${name}`))), shares.map((name) => h("th", { scope: "col", class: "num" }, name)))),
      h("tbody", {}, found.operations.map((each) => h("tr", {},
        h("td", {}, said(`common.face_${each.face}`, each.face)), h("td", {}, said(`common.operation_${each.operation}`, each.operation)),
        h("td", { class: "num" }, number(each.requests)), h("td", { class: "num" }, number(Math.round(each.rate_per_second))),
        h("td", { class: each.failed ? "num bad" : "num" }, number(each.failed)),
        shares.map((name) => h("td", { class: "num" }, lasting(each.corrected_ms[name] / 1000)))))))),
    chart(found.operations.map((each) => ({
      name: `${said(`common.face_${each.face}`, each.face)}, ${said(`common.operation_${each.operation}`, each.operation)}`,
      points: shares.map((name) => [name, each.corrected_ms[name]]),
    })), t("load.curve")),
    h("ul", {}, found.thresholds.map((check) => h("li", { class: check.held ? null : "bad" }, t(check.held ? "load.held" : "load.broken", { of: check.of, name: check.name, measured: number(check.measured), asked: number(check.asked) })))),
  ];
}

attempt(async () => {
  const last = await get("load/result");
  if (last.result) fill($("result"), h("p", { class: "small soft", id: "left" }, t("load.left", { time: moment(last.at) })), result(last.result));
});

$("file").addEventListener("change", () => attempt(async () => {
  const [file] = $("file").files;
  if (!file) return;
  try {
    fill($("result"), result(JSON.parse(await file.text())));
  } catch {
    throw new Refused(0, t("load.no_report", { name: file.name }));
  }
}));

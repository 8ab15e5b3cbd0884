// The overview: what runs, where, how much, and what went wrong last.

import { $, attempt, bytes, copier, every, fill, get, h, language, lasting, number, path, s, said, short, t } from "./page.js";
import { POINTS, sparkline } from "./spark.js";

const SECONDS = 2;
const rates = { registrations: [], resolutions: [] };
let before = null;

const total = (kinds) => Object.values(kinds).reduce((sum, outcomes) => sum + (outcomes.success ?? 0), 0);
const failed = (outcomes = {}) => Object.entries(outcomes).reduce((sum, [name, count]) => sum + (name === "success" ? 0 : count), 0);

function meter(place, share) {
  fill(place, s("svg", { viewBox: "0 0 1000 6", preserveAspectRatio: "none" }, s("rect", { width: Math.max(share > 0 ? 3 : 0, Math.min(1, share) * 1000), height: 6 })));
}

function volume(kind, stats, seconds) {
  const now = total(stats[kind]);
  const rate = before ? Math.max(0, (now - total(before[kind])) / seconds) : 0;
  if (before) rates[kind] = [...rates[kind], rate].slice(-POINTS);
  const target = stats.targets[kind];
  $(kind).textContent = short(now);
  $(kind).title = number(now);
  $(`${kind}-rate`).textContent = before ? t("overview.rate", { rate: number(Math.round(rate)) }) : "";
  // A node of a tree may have no target of its own.
  const share = target ? now / target : 0;
  const percent = (share * 100).toLocaleString("en", { maximumSignificantDigits: 2 });
  $(`${kind}-target`).textContent = target ? t("overview.of_target", { percent, target: short(target) }) : "";
  meter($(`${kind}-meter`), share);
  if (rates[kind].length > 1) sparkline($(`${kind}-spark`), rates[kind]);
}

const fact = (name, ...content) => [h("dt", {}, name), h("dd", {}, ...content)];

function facts(stats) {
  const register = stats.register ?? {};
  const rows = [
    fact(t("overview.identifiers"), number(register.identifiers ?? 0)),
    stats.dataset && fact(t("overview.dataset"), `${stats.dataset.name} · ${short(stats.dataset.identifiers)}`),
    fact(t("overview.prefixes"), number(stats.prefixes ?? 0)),
    fact(t("overview.core"), t(`overview.core_${stats.core}`)),
    fact(t("overview.durability"), stats.durability),
    fact(t("overview.uptime"), lasting(stats.seconds)),
    register.log_live_bytes !== undefined && fact(t("overview.log"), `${bytes(register.log_live_bytes)} + ${bytes(register.log_dead_bytes)} ${t("overview.dead")}`),
    register.queue_limit_items !== undefined && fact(t("overview.queue"), `${number(register.queue_items)} / ${number(register.queue_limit_items)}`),
  ];
  fill($("facts"), rows.flat());
}

function faces(stats, seconds) {
  const names = Object.keys(stats.resolutions);
  fill($("faces"), names.map((name) => {
    const [done, read] = [stats.registrations[name] ?? {}, stats.resolutions[name] ?? {}];
    const now = (done.success ?? 0) + (read.success ?? 0);
    const earlier = before && (before.registrations[name]?.success ?? 0) + (before.resolutions[name]?.success ?? 0);
    const wrong = failed(done) + failed(read);
    return h("tr", {},
      h("td", {}, said(`common.face_${name}`, name)),
      h("td", { class: "num" }, number(done.success ?? 0)),
      h("td", { class: "num" }, number(read.success ?? 0)),
      h("td", { class: wrong ? "num bad" : "num" }, number(wrong)),
      h("td", { class: "num" }, before ? number(Math.round((now - earlier) / seconds)) : "–"));
  }));
}

async function refusals() {
  const found = await get("journal?refused=true&limit=6");
  if (!found.items.length) {
    fill($("refused"), h("p", { class: "empty" }, t("overview.nothing_refused")));
    return;
  }
  fill($("refused"), h("table", { class: "rows" }, h("tbody", {}, found.items.map((entry) =>
    h("tr", {},
      h("td", { class: "nowrap soft" }, entry.time.slice(11, 19)),
      h("td", { class: "whole" }, h("a", { href: `journal?entry=${entry.number}` }, entry.why[language])))))));
}

function place(name, text, link) {
  return fact(name, link ? h("a", { href: text, class: "mono" }, text) : h("code", {}, text), copier(text));
}

function about(node) {
  const { addresses } = node;
  const handle = addresses.handle_tcp.join(":");
  fill($("addresses"),
    place(t("overview.handle_protocol"), handle),
    place(t("overview.http"), addresses.http, true),
    place(t("overview.https"), addresses.https, true),
    addresses.idhub ? place(t("overview.idhub"), addresses.idhub, true) : [],
    place(t("overview.management"), addresses.admin, true));
  fill($("credentials"),
    ...node.administrators.map((who, at) => place(at ? t("overview.enterprise_admin") : t("overview.node_admin"), who)),
    ...node.accounts.map((who) => place(t(who === "admin" ? "overview.snms_admin" : "overview.snms_user"), who)),
    ...(node.secret ? place(t("overview.secret"), node.secret) : []));
  $("credentials-note").textContent = t(node.secret ? "overview.secret_known" : "overview.secret_yours");
  tryLines(node, handle);
}

function tryLines(node, handle) {
  const prefix = node.enterprise_prefix ?? node.prefix;
  const user = encodeURIComponent(node.administrators[node.administrators.length - 1]);
  const value = '[{"index": 1, "type": "URL", "data": "https://example.org/"}]';
  const mine = `${node.addresses.http}/api/handles/${prefix}/mine`;
  const lines = [
    `idnode resolve ${prefix}/hello --server ${handle}`,
    `curl -X PUT -u '${user}:${node.secret ?? "SECRET"}' -H 'Content-Type: application/json' -d '${value}' ${mine}`,
    `curl ${mine}`,
  ];
  fill($("try"), lines.map((line) => h("div", { class: "line" }, h("code", {}, line), copier(line))),
    h("p", { class: "small soft" }, h("a", { href: `identifiers?handle=${path(`${prefix}/hello`)}` }, t("overview.look_at", { handle: `${prefix}/hello` }))));
}

every(SECONDS, () => attempt(async () => {
  const stats = await get("stats");
  const seconds = before ? Math.max(0.001, stats.seconds - before.seconds) : SECONDS;
  volume("registrations", stats, seconds);
  volume("resolutions", stats, seconds);
  facts(stats);
  faces(stats, seconds);
  before = stats;
  await refusals();
}));

attempt(async () => about(await get("node")));

// The journal as it comes: at most ROWS rows are kept, however many requests there are.

import { $, attempt, every, fill, get, ask, h, language, lasting, number, said, t } from "./page.js";
import { outcome, show } from "./entry.js";

const ROWS = 200;
const A_SECOND = 200;
const asked = new URLSearchParams(location.search);
let stream = null;
let paused = false;
let leftOut = 0;
let chosen = null;
let held = [];

function filters() {
  const wanted = new URLSearchParams();
  for (const name of ["text", "face", "prefix"]) if ($(name).value.trim()) wanted.set(name, $(name).value.trim());
  if ($("refused").checked) wanted.set("refused", "true");
  return wanted;
}

function row(entry) {
  const { kind, text } = outcome(entry);
  const open = () => choose(entry.number);
  return h("tr", {
    tabindex: "0", "data-number": entry.number, class: entry.number === chosen ? "chosen" : null, onclick: open,
    onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } },
  },
  h("td", { class: "nowrap soft" }, entry.time.slice(11, 23)),
  h("td", {}, h("span", { class: `tag ${kind}` }, text)),
  h("td", { class: "extra nowrap" }, said(`common.face_${entry.face}`, entry.face)),
  h("td", { class: "nowrap" }, said(`common.operation_${entry.operation}`, entry.operation)),
  h("td", { class: "whole" },
    entry.handle ? h("span", { class: "handle" }, entry.handle) : h("span", { class: "soft" }, "–"),
    entry.fault ? [" ", h("span", { class: "tag warn" }, entry.fault)] : null,
    entry.why ? h("span", { class: "because" }, entry.why[language]) : null),
  h("td", { class: "extra mono" }, entry.identity ?? entry.account ?? ""),
  h("td", { class: "num extra" }, lasting(entry.seconds)));
}

function put(entries) {
  if (!entries.length) return;
  const rows = $("rows");
  const latest = entries.slice(-ROWS);
  for (const entry of latest) rows.querySelector(`[data-number="${entry.number}"]`)?.remove();
  rows.prepend(...latest.reverse().map(row));
  while (rows.childElementCount > ROWS) rows.lastElementChild.remove();
  $("none").hidden = true;
}

function follow() {
  stream?.close();
  stream = new EventSource(`api/v1/journal/stream?most=${A_SECOND}&${filters()}`);
  stream.addEventListener("message", (event) => {
    const found = JSON.parse(event.data);
    leftOut += found.left_out;
    if (paused) held = [...held, ...found.items].slice(-ROWS);
    else requestAnimationFrame(() => put(found.items));
  });
}

async function load() {
  const wanted = filters();
  history.replaceState(null, "", `?${keep(wanted)}`);
  const found = await get(`journal?limit=100&${wanted}`);
  fill($("rows"), found.items.map(row));
  $("none").hidden = found.items.length > 0;
  leftOut = 0;
  counts(found);
  follow();
}

function keep(wanted) {
  const kept = new URLSearchParams(wanted);
  if (chosen !== null) kept.set("entry", chosen);
  return kept;
}

function counts(found) {
  $("mode").value = found.mode;
  const parts = [t("journal.kept", { kept: number(found.kept), last: number(found.last) })];
  if (found.lost) parts.push(t("journal.lost", { count: number(found.lost) }));
  if (found.unseen) parts.push(t("journal.unseen", { count: number(found.unseen) }));
  if (leftOut) parts.push(t("journal.left_out", { count: number(leftOut), most: A_SECOND }));
  if (paused) parts.push(t("journal.is_paused", { count: number(held.length) }));
  const forms = ["har", "pcapng", "ndjson"].map((form) => h("a", { href: `api/v1/journal/export/${form}?${filters()}`, download: `idnode.${form}` }, form));
  fill($("counts"), h("span", {}, parts.join(" · ")), h("span", { class: "grow" }), t("journal.export"), ...forms);
}

async function choose(number) {
  chosen = number;
  history.replaceState(null, "", `?${keep(filters())}`);
  for (const each of document.querySelectorAll("tr.chosen")) each.classList.remove("chosen");
  document.querySelector(`[data-number="${number}"]`)?.classList.add("chosen");
  await attempt(async () => {
    const [entry, node] = await Promise.all([get(`journal/${number}`), get("node")]);
    show($("detail"), entry, node, close);
    $("detail").hidden = false;
    $("split").classList.add("open");
    $("detail").querySelector("button")?.focus({ preventScroll: true });
  });
}

function close() {
  const row = document.querySelector("tr.chosen");
  chosen = null;
  $("detail").hidden = true;
  $("split").classList.remove("open");
  history.replaceState(null, "", `?${keep(filters())}`);
  row?.classList.remove("chosen");
  row?.focus({ preventScroll: true });
}

let waiting = 0;
for (const name of ["text", "prefix"]) {
  $(name).value = asked.get(name) ?? "";
  $(name).addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => attempt(load), 250);
  });
}
$("face").value = asked.get("face") ?? "";
$("refused").checked = asked.get("refused") === "true";
for (const name of ["face", "refused"]) $(name).addEventListener("change", () => attempt(load));

$("mode").addEventListener("change", () => attempt(() => ask("PUT", "journal/mode", { mode: $("mode").value })));
$("clear").addEventListener("click", () => attempt(async () => {
  await ask("DELETE", "journal");
  close();
  await load();
}));
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = t(paused ? "journal.resume" : "journal.pause");
  if (!paused) put(held);
  held = [];
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chosen !== null) close(); });

if (asked.has("entry")) chosen = Number(asked.get("entry"));
attempt(load).then(() => { if (chosen !== null) choose(chosen); });
every(2, async () => { if ($("rows").isConnected) counts(await get("journal?limit=0")); });

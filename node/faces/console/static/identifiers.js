// Identifiers: find one, see its record, change it as somebody who proved it.

import { $, attempt, fill, get, h, number, path, t } from "./page.js";
import { beginEditing, beginSigning, onChange } from "./editing.js";
import { record } from "./record.js";

const LIMIT = 50;
const asked = new URLSearchParams(location.search);
let shown = null;
let after = null;
let node = null;

const prefixOf = (text) => (/^0\.NA\//i.test(text) ? text.slice(5) : text.split("/")[0]);

async function search(behind = "") {
  const text = $("handle").value.trim();
  const prefix = prefixOf(text);
  const wanted = new URLSearchParams({ prefix, text: $("text").value.trim(), after: behind, limit: LIMIT });
  const found = await get(`identifiers?${wanted}`);
  const links = found.items.map((name) => h("a", {
    href: `?handle=${path(name)}`, "data-handle": name,
    onclick: (event) => { event.preventDefault(); attempt(() => open(name)); },
  }, name));
  if (behind) $("list").append(...links);
  else fill($("list"), links.length ? links : h("p", { class: "empty" }, t("identifiers.none")));
  after = found.after;
  $("further").hidden = after === null;
  $("looked").textContent = wanted.get("text") ? t("identifiers.looked_at", { count: number(found.looked_at) }) : "";
  $("count").textContent = number($("list").querySelectorAll("a").length) + (after === null ? "" : "+");
  mark();
}

function mark() {
  for (const each of $("list").querySelectorAll("a")) {
    if (each.dataset.handle === shown) each.setAttribute("aria-current", "true");
    else each.removeAttribute("aria-current");
  }
}

async function open(handle) {
  const found = await get(`identifiers/${path(handle)}`);
  shown = handle;
  history.replaceState(null, "", `?handle=${path(handle)}`);
  fill($("record"), record(found, node));
  mark();
}

async function find() {
  const text = $("handle").value.trim();
  if (!text) return;
  const whole = text.includes("/") && !text.endsWith("/");
  if (whole) await Promise.all([open(text), search().catch(() => {})]);
  else await search();
}

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(find);
});
$("more").addEventListener("click", () => attempt(() => search(after)));
$("sign").addEventListener("click", () => beginSigning());
$("new").addEventListener("click", () => beginEditing({ handle: `${prefixOf($("handle").value.trim()) || node?.prefix}/`, create: true }));

onChange(async (handle, gone) => {
  if (gone) {
    shown = null;
    fill($("record"), h("p", { class: "empty" }, t("identifiers.choose")));
  }
  $("handle").value ||= prefixOf(handle);
  await attempt(async () => {
    if (!gone) await open(handle);
    await search();
  });
});

attempt(async () => {
  node = await get("node");
  const prefixes = await get("prefixes?size=200");
  fill($("prefixes"), prefixes.items.map((each) => h("option", { value: each.prefix }, each.enterprise)));
  $("handle").value = asked.get("handle") ?? asked.get("prefix") ?? node.enterprise_prefix ?? node.prefix;
  await find();
});

// The directory: what waits for a decision, enterprises, prefixes, templates, accounts.

import { $, ask, attempt, every, fill, get, h, moment, number, path, said, t, tell } from "./page.js";

const SIZE = 25;
const asked = new URLSearchParams(location.search);
let tab = asked.get("tab");
let page = 1;

const KIND = { enabled: "good", disabled: "bad", rejected: "bad", under_review: "warn", waiting: "warn" };
const status = (row) => h("span", { class: `tag ${KIND[row.status_name] ?? ""}` }, said(`directory.status_${row.status_name}`, row.status_name));
const since = (row) => h("span", { class: "soft nowrap small" }, moment(row.created));
const prefixLink = (name) => h("a", { class: "mono", href: `identifiers?prefix=${path(name)}` }, name);

const COLUMNS = {
  reviews: [["prefix", (row) => h("b", { class: "mono" }, row.prefix)], ["enterprise", (row) => row.enterprise], ["status", status], ["created", since], ["", decide]],
  enterprises: [["name", (row) => h("b", {}, row.name)], ["username", (row) => h("code", {}, row.username)],
    ["prefixes", (row) => row.prefixes.flatMap((name, at) => [at ? ", " : "", prefixLink(name)])], ["created", since]],
  prefixes: [["prefix", (row) => prefixLink(row.prefix)], ["enterprise", (row) => row.enterprise], ["status", status],
    ["hosting", (row) => h("span", { class: "soft" }, said(`directory.proxy_${row.proxy_state_name}`, row.proxy_state_name))],
    ["identifiers", (row) => number(row.identifiers), "num"], ["created", since], ["", turn]],
  templates: [["prefix", (row) => h("code", {}, row.prefix)], ["version", (row) => h("b", {}, row.version)], ["description", (row) => row.description],
    ["items", (row) => number(row.items), "num"], ["created", since]],
  accounts: [["username", (row) => h("b", {}, row.username)], ["role", (row) => row.role], ["email", (row) => row.email], ["created", since]],
};

function decide(row) {
  const reason = h("input", { placeholder: t("directory.reason"), "aria-label": `${t("directory.reason")}: ${row.prefix}`, maxlength: "255", size: "14" });
  const settle = (verdict) => attempt(async () => {
    await ask("POST", `reviews/${path(row.prefix)}/${verdict}`, { reason: reason.value });
    tell(t(verdict === "approve" ? "directory.approved" : "directory.rejected", { prefix: row.prefix }));
    await Promise.all([load(), waiting()]);
  });
  return h("span", { class: "bar" },
    h("button", { type: "button", class: "main", "data-approve": row.prefix, onclick: () => settle("approve") }, t("directory.approve")),
    reason,
    h("button", { type: "button", class: "danger", onclick: () => settle("reject") }, t("directory.reject")));
}

function turn(row) {
  if (!["enabled", "disabled"].includes(row.status_name)) return null;
  const change = row.status_name === "enabled" ? "disable" : "enable";
  return h("button", { type: "button", "aria-label": `${t(`directory.${change}`)} ${row.prefix}`, onclick: () => attempt(async () => {
    await ask("POST", `prefixes/${path(row.prefix)}/${change}`);
    await load();
  }) }, t(`directory.${change}`));
}

async function load() {
  const wanted = new URLSearchParams({ page, size: SIZE });
  for (const name of ["name", "prefix"]) if ($(name).value.trim()) wanted.set(name, $(name).value.trim());
  const found = await get(`${tab}?${wanted}`);
  history.replaceState(null, "", `?tab=${tab}`);
  for (const each of $("tabs").children) each.setAttribute("aria-selected", String(each.dataset.tab === tab));
  $("name").hidden = tab === "reviews";
  $("prefix").hidden = tab === "reviews" || tab === "accounts";
  fill($("panel"), found.items.length ? table(found.items) : h("p", { class: "empty" }, t(tab === "reviews" ? "directory.nothing_waits" : "directory.no_rows")));
  paging(found);
}

function table(rows) {
  const columns = COLUMNS[tab];
  return h("table", {},
    h("thead", {}, h("tr", {}, columns.map(([name, , kind]) => (name ? h("th", { scope: "col", class: kind }, t(`directory.${name}`)) : h("td", {}))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(([, show, kind]) => h("td", { class: kind }, show(row)))))));
}

function paging(found) {
  const place = $("paging");
  const [first, last] = [(found.page - 1) * found.size + 1, Math.min(found.page * found.size, found.total)];
  const step = (by, words) => h("button", {
    type: "button", disabled: by < 0 ? found.page === 1 : last >= found.total, onclick: () => { page += by; attempt(load); },
  }, t(words));
  place.hidden = !found.total;
  fill(place, h("span", { class: "soft small" }, t("directory.page_of", { from: number(first), to: number(last), total: number(found.total) })),
    h("span", { class: "grow" }), found.total > found.size ? [step(-1, "directory.previous"), step(1, "directory.next")] : null);
}

async function waiting() {
  const { total } = await get("reviews?size=1");
  $("waiting").hidden = !total;
  $("waiting").textContent = number(total);
  return total;
}

$("tabs").addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-tab]");
  if (!chosen) return;
  tab = chosen.dataset.tab;
  page = 1;
  attempt(load);
});

let typing = 0;
for (const name of ["name", "prefix"]) {
  $(name).addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => { page = 1; attempt(load); }, 250);
  });
}

$("random").addEventListener("click", () => attempt(async () => {
  const made = await ask("POST", "enterprises", { random: true });
  fill($("made"), t("directory.added", made)).hidden = false;
  tab = "enterprises";
  await load();
}));

attempt(async () => {
  const total = await waiting();
  if (!(tab in COLUMNS)) tab = total ? "reviews" : "enterprises";
  await load();
});
every(10, waiting);

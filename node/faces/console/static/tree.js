// A tree of nodes: the picture, each node's state, and the way to its own pages.

import { $, attempt, every, fill, h, number, path, Refused, said, short, t } from "./page.js";

const KIND = { ready: "good", starting: "warn", draining: "warn", stopped: "bad" };
let drawn = "";

async function told(where, options) {
  const answer = await fetch(where, options);
  const found = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, found.message);
  return found;
}

function row(node) {
  const running = "handle" in node;
  const change = running ? "stop" : "start";
  return h("tr", {},
    h("td", {}, running ? h("a", { href: `nodes/${path(node.name)}/` }, h("b", {}, node.name)) : h("b", {}, node.name), h("div", { class: "soft small" }, node.title)),
    h("td", {}, h("span", { class: `tag ${KIND[node.state] ?? ""}` }, said(`tree.state_${node.state}`, said(`common.state_${node.state}`, node.state)))),
    h("td", {}, said(`tree.role_${node.role}`, node.role)),
    h("td", { class: "mono" }, node.prefix),
    h("td", { class: "mono small" }, node.handle ?? ""),
    h("td", { class: "num", title: number(node.identifiers + (node.written ?? 0)) }, short(node.identifiers + (node.written ?? 0))),
    h("td", { class: "num" }, running ? number(node.registrations) : "–"),
    h("td", { class: "num" }, running ? number(node.resolutions) : "–"),
    h("td", { class: "right" }, node.state === "in another process" ? null : h("button", {
      type: "button", "aria-label": `${t(`tree.${change}`)} ${node.name}`, "data-change": node.name,
      onclick: () => attempt(async () => {
        await told(`tree/nodes/${path(node.name)}/${change}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
        await load();
      }),
    }, t(`tree.${change}`))));
}

async function load() {
  const found = await told("tree");
  $("sum").textContent = t("tree.sum", { identifiers: short(found.identifiers), enterprises: number(found.enterprises), nodes: number(found.nodes.length) });
  const states = found.nodes.map(({ state }) => state).join();
  if (states !== drawn) $("picture").src = `tree/graph.svg?${encodeURIComponent(states)}`;
  drawn = states;
  const held = document.activeElement?.dataset.change;
  fill($("nodes"), found.nodes.map(row));
  if (held) document.querySelector(`[data-change="${CSS.escape(held)}"]`)?.focus();
}

every(3, () => attempt(load));

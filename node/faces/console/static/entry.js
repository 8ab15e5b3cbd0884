// One entry of the journal: why, the message as a tree beside its bytes, code to send it again, and two compared.

import { copier, fill, h, icon, language, lasting, said, t } from "./page.js";
import { curl, java, python } from "./samples.js";

let marked = null;

/** The outcome of an entry: how it is coloured, and its words. */
export function outcome(entry) {
  // Some faces answer 200 whatever they say: then the code in the answer tells more.
  const shown = entry.status === 200 && entry.code !== 1 ? entry.code ?? entry.status : entry.status ?? entry.code;
  if (entry.why || entry.error) return { kind: "bad", text: String(shown ?? t("journal.malformed")) };
  const well = entry.status === null ? entry.code === 1 : entry.status < 400;
  return { kind: well ? "good" : "warn", text: String(entry.status ?? entry.code ?? "–") };
}

export function show(place, entry, node, close) {
  const body = h("div", {});
  const views = [
    ["request", () => message(entry.request)],
    ["answer", () => (entry.answer ? message(entry.answer) : h("p", { class: "empty" }, t("journal.no_answer")))],
    ["again", () => samples(entry, node)],
    ["compare", () => comparison(entry)],
  ];
  const tabs = h("div", { class: "tabs", role: "tablist" }, views.map(([name, make], at) => h("button", {
    type: "button", role: "tab", "aria-selected": String(!at), "data-view": name,
    onclick: (event) => {
      for (const each of tabs.children) each.setAttribute("aria-selected", String(each === event.currentTarget));
      fill(body, make());
    },
  }, t(`journal.view_${name}`))));
  fill(place, head(entry, close), because(entry), facts(entry), tabs, fill(body, views[0][1]()));
}

function head(entry, close) {
  const { kind, text } = outcome(entry);
  return h("div", { class: "head" },
    h("h2", {}, `#${entry.number} ${said(`common.operation_${entry.operation}`, entry.operation)}`),
    h("span", { class: `tag ${kind}` }, text),
    h("button", { type: "button", "aria-label": t("common.close"), onclick: close }, icon("M6 6l12 12M18 6L6 18")));
}

function because(entry) {
  if (!entry.why) return null;
  const near = (entry.near ?? []).map((miss) => h("p", {}, miss[language]));
  return h("div", { class: "why", id: "why" },
    h("strong", {}, entry.why[language]), h("p", {}, entry.why[`do_${language}`]), ...near,
    h("p", { class: "small soft" }, `${entry.why.rule}${entry.why.source ? ` · ${entry.why.source}` : ""}`));
}

function facts(entry) {
  const rows = [
    ["time", h("span", { class: "nowrap" }, `${entry.time.slice(0, 10)} ${entry.time.slice(11, 23)}`)],
    ["face", said(`common.face_${entry.face}`, entry.face)],
    ["handle", entry.handle && h("a", { class: "mono", href: `identifiers?handle=${encodeURIComponent(entry.handle)}` }, entry.handle)],
    ["peer", h("code", {}, entry.peer)],
    ["who", (entry.identity ?? entry.account) && h("code", {}, entry.identity ?? entry.account)],
    ["took", lasting(entry.seconds)],
    ["fault", entry.fault && h("span", { class: "tag warn" }, entry.fault)],
    ["id", [h("code", {}, entry.id), copier(entry.id)]],
  ].filter(([, value]) => value);
  return h("dl", { class: "facts small two" }, rows.flatMap(([name, value]) => [h("dt", {}, t(`journal.${name}`)), h("dd", {}, value)]));
}

function message(kept) {
  return kept.form === "binary" ? binary(kept) : http(kept);
}

function http(kept) {
  const start = kept.method ? `${kept.method} ${kept.target}` : `${kept.status} ${kept.phrase}`;
  const headers = kept.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return h("div", {}, h("pre", { class: "code" }, `${start}\n${headers}${kept.body ? `\n\n${pretty(kept.body)}` : ""}`));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The name of a field in the reader's language; one of several keeps its number. */
function named(name) {
  const [, words, which = ""] = /^(.*?)( \d+)?$/.exec(name);
  return said(`field.${words}`, words) + which;
}

function binary(kept) {
  const spans = [];
  const lines = h("div", { class: "bytes", tabindex: "0", role: "region", "aria-label": t("journal.bytes") });
  const raw = kept.hex.match(/../g) ?? [];
  raw.forEach((pair, at) => {
    if (at % 16 === 0) lines.append(h("span", { class: "at" }, `${at ? "\n" : ""}${at.toString(16).padStart(4, "0")}  `));
    const span = h("span", {}, pair);
    spans.push(span);
    lines.append(span, at % 16 === 7 ? "  " : " ");
  });
  const light = (field, button) => {
    for (const each of document.querySelectorAll(".message .lit")) each.classList.remove("lit");
    if (!field) return;
    button.classList.add("lit");
    for (const span of spans.slice(field.offset, field.offset + field.length)) span.classList.add("lit");
  };
  const tree = (fields) => h("ul", { class: "tree" }, fields.map((field) => {
    const button = h("button", {
      type: "button", class: "field", onmouseenter: () => light(field, button), onfocus: () => light(field, button),
    }, h("b", {}, named(field.name)), h("span", {}, field.text));
    return h("li", {}, button, field.fields ? tree(field.fields) : null);
  }));
  return h("div", { class: "message" }, tree(kept.fields), lines);
}

function samples(entry, node) {
  const made = [["curl", curl], ["Python", python], ["Java", java]].map(([name, make]) => [name, make(entry, node)]).filter(([, text]) => text);
  return h("div", {}, made.map(([name, text]) => h("div", {},
    h("div", { class: "head bar" }, h("h3", {}, name), copier(text)), h("pre", { class: "code", "data-sample": name }, text))),
  h("p", { class: "small soft" }, t("journal.secrets_left_out")));
}

function flat(fields, above = "") {
  return fields.flatMap((field) => {
    const name = above ? `${above} / ${field.name}` : field.name;
    return field.fields ? flat(field.fields, name) : [[name, field.text]];
  });
}

function parts(entry) {
  const found = new Map(["face", "operation", "handle", "identity", "account", "code", "status", "error"].map((name) => [name, String(entry[name] ?? "")]));
  for (const side of ["request", "answer"]) {
    const kept = entry[side];
    if (!kept) continue;
    const rows = kept.form === "binary" ? flat(kept.fields)
      : [["line", kept.method ? `${kept.method} ${kept.target}` : `${kept.status} ${kept.phrase}`], ...kept.headers, ["body", kept.body]];
    for (const [name, text] of rows) found.set(`${side} / ${name}`, text);
  }
  return found;
}

function comparison(entry) {
  const mark = h("button", { type: "button", onclick: () => { marked = entry; fill(place, comparison(entry)); } }, t("journal.mark"));
  const place = h("div", {});
  if (!marked || marked.number === entry.number) {
    return fill(place, h("p", { class: "soft" }, t(marked ? "journal.marked" : "journal.how_to_compare", { number: entry.number })), marked ? null : h("p", {}, mark));
  }
  const [one, other] = [parts(marked), parts(entry)];
  const names = [...new Set([...one.keys(), ...other.keys()])].filter((name) => one.get(name) !== other.get(name));
  return fill(place, h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("journal.differs")), h("th", { scope: "col" }, `#${marked.number}`), h("th", { scope: "col" }, `#${entry.number}`))),
    h("tbody", {}, names.map((name) => h("tr", {}, h("td", {}, name), h("td", { class: "mono" }, one.get(name) ?? "–"), h("td", { class: "mono" }, other.get(name) ?? "–")))))),
  h("p", {}, mark));
}

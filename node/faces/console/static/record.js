// A record: its values decoded, each with its bytes, a QR code, and how to ask for it.

import { ask, attempt, copier, fill, h, language, lasting, path, t } from "./page.js";
import { beginEditing, removeValue, removeRecord } from "./editing.js";

export function record(found, node) {
  const url = `${node.addresses.http}/${found.handle.split("/").map(encodeURIComponent).join("/")}`;
  return h("div", {},
    h("header", { class: "head record-head" },
      h("h2", { class: "mono" }, found.handle), copier(found.handle),
      h("span", { class: "grow" }),
      h("a", { class: "button", href: `journal?text=${path(found.handle)}` }, t("identifiers.requests")),
      h("button", { type: "button", onclick: () => beginEditing({ handle: found.handle, index: free(found.values) }) }, t("identifiers.add_value")),
      h("button", { type: "button", class: "danger", onclick: () => removeRecord(found.handle) }, t("identifiers.delete"))),
    ...found.values.map((value) => row(found.handle, value)),
    foot(found.handle, url, node),
    way(found.handle));
}

/** The way of a question to the record, as a client of this node sees it. */
function way(handle) {
  const picture = h("div", { class: "scroll", tabindex: "0" });
  const trace = (transport) => h("button", { type: "button", "data-trace": transport, onclick: () => attempt(async () => {
    const found = await ask("POST", `identifiers/${path(handle)}/trace`, { transport, language });
    const alt = `${found.end}: ${found.hops.map((hop) => `${hop.server} ${hop.response}`).join(", ")}`;
    fill(picture, h("img", { src: `data:image/svg+xml,${encodeURIComponent(found.picture)}`, alt, class: "trace" }));
  }) }, t("identifiers.trace", { transport: transport.toUpperCase() }));
  return h("div", { class: "way" }, h("div", { class: "bar" }, trace("udp"), trace("tcp")), picture);
}

const free = (values) => Math.max(0, ...values.map(({ index }) => index).filter((index) => index < 100)) + 1;

function row(handle, value) {
  return h("div", { class: "value" },
    h("code", { class: "soft" }, String(value.index)),
    h("div", {}, h("div", { class: "type" }, value.type), h("div", { class: "soft small" }, ttl(value.ttl), rights(value.permissions))),
    h("div", { class: "data" }, decoded(value)),
    h("div", { class: "bar" },
      value.hidden ? null : h("button", { type: "button", onclick: () => beginEditing({ handle, value }), "aria-label": `${t("identifiers.edit")} ${value.index}` }, t("identifiers.edit")),
      h("button", { type: "button", class: "danger", onclick: () => removeValue(handle, value.index), "aria-label": `${t("identifiers.remove")} ${value.index}` }, t("identifiers.remove"))),
    value.hidden ? null : h("details", {},
      h("summary", {}, t("identifiers.raw", { bytes: value.bytes })),
      h("pre", { class: "code" }, JSON.stringify(value.data, null, 2)),
      h("div", { class: "bytes", tabindex: "0", role: "region", "aria-label": t("identifiers.raw", { bytes: value.bytes }) }, dump(value.hex))));
}

const ttl = (seconds) => `TTL ${typeof seconds === "number" ? lasting(seconds) : seconds}`;
const rights = (permissions) => (permissions === "1110" ? "" : ` · ${permissions}`);

function decoded(value) {
  if (value.hidden) return h("span", { class: "soft" }, t("identifiers.hidden"));
  const text = value.text ?? (value.data.format === "string" ? value.data.value : null);
  if (text === null) return h("code", { class: "soft" }, `${value.hex.slice(0, 64)}${value.hex.length > 64 ? "…" : ""}`);
  if (/^https?:\/\/\S+$/.test(text)) return h("a", { href: text, rel: "noreferrer noopener", target: "_blank" }, text);
  return text;
}

function dump(hex) {
  const pairs = hex.match(/../g) ?? [];
  const lines = [];
  for (let at = 0; at < pairs.length; at += 16) {
    const part = pairs.slice(at, at + 16);
    const text = part.map((pair) => {
      const code = parseInt(pair, 16);
      return code > 31 && code < 127 ? String.fromCharCode(code) : "·";
    }).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${part.join(" ").padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

function foot(handle, url, node) {
  const [host, port] = node.addresses.handle_tcp;
  const lines = [`idnode resolve '${handle.replaceAll("'", "'\\''")}' --server ${host}:${port}`, `curl '${node.addresses.http}/api/handles/${handle.split("/").map(encodeURIComponent).join("/")}'`];
  return h("div", { class: "value foot" },
    h("img", { class: "qr", src: `console/qr.svg?text=${path(url)}`, alt: t("identifiers.qr", { url }), width: "148", height: "148" }),
    h("div", { class: "ask" },
      h("p", { class: "small soft" }, t("identifiers.redirect")), h("div", { class: "line" }, h("code", {}, h("a", { href: url, rel: "noreferrer", target: "_blank" }, url)), copier(url)),
      lines.map((line) => h("div", { class: "line" }, h("code", {}, line), copier(line)))));
}

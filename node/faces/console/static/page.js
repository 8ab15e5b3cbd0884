// What every page has: words, elements, the management port, notices, the top bar.

const words = JSON.parse(document.getElementById("texts").textContent);
export const language = document.body.dataset.language;

/** Return the words of a name, with facts in the places of {names}. */
export function t(name, facts = {}) {
  const found = words[name];
  if (found === undefined) throw new Error(`no words for ${name}`);
  return found.replace(/\{(\w+)\}/g, (_, fact) => String(facts[fact]));
}

/** Return words if there are any by this name, else what it falls back on. */
export function said(name, otherwise) {
  return name in words ? words[name] : otherwise;
}

/** Make an element: attributes, on… listeners, class, then children; texts stay texts. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value === "boolean") element[name] = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

/** Make an element of SVG. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const $ = (id) => document.getElementById(id);

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Ask the management port; what it refuses is thrown with its own words. */
export async function ask(method, path, body, headers = {}) {
  const options = { method, headers: { ...headers } };
  if (method !== "GET") {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(`api/v1/${path}`, options);
  } catch {
    throw new Refused(0, t("common.unreachable"));
  }
  const text = await answer.text();
  let found = {};
  try {
    found = text ? JSON.parse(text) : {};
  } catch {
    throw new Refused(answer.status, text.slice(0, 200));
  }
  if (!answer.ok) throw new Refused(answer.status, found.message ?? String(answer.status));
  return found;
}

export const get = (path) => ask("GET", path);
export const path = (name) => encodeURIComponent(name);

/** Show what went wrong above the page, or nothing. */
export function trouble(error) {
  const place = $("trouble");
  place.hidden = !error;
  place.textContent = error ? error.message : "";
  if (error && !(error instanceof Refused)) throw error;
}

/** Do something that may be refused, and show the refusal; returns whether it was done. */
export async function attempt(work) {
  try {
    await work();
    trouble(null);
    return true;
  } catch (error) {
    trouble(error);
    return false;
  }
}

let hiding = 0;
/** Say something for a moment. */
export function tell(text) {
  const toast = $("toast");
  toast.textContent = text;
  toast.classList.add("on");
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.classList.remove("on"), 2600);
}

/** A button that copies a text. */
export function copier(text, label = t("common.copy")) {
  return h("button", {
    type: "button",
    class: "copy",
    title: label,
    "aria-label": `${label}: ${text.slice(0, 60)}`,
    onclick: async () => {
      await navigator.clipboard.writeText(text).catch(() => select(text));
      tell(t("common.copied"));
    },
  }, icon("M9 9h11v11H9zM5 15H4V4h11v1"));
}

function select(text) {
  const area = h("textarea", { class: "offscreen", "aria-hidden": "true" }, text);
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function icon(shape) {
  return s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: shape }));
}

/** Replace what is in a place. */
export function fill(place, ...children) {
  place.replaceChildren(...children.flat().filter((each) => each !== null && each !== undefined && each !== false));
  return place;
}

/** Do something now and then, but not while nobody looks. */
export function every(seconds, work) {
  let running = false;
  const round = async () => {
    if (document.hidden || running) return;
    running = true;
    try {
      await work();
    } finally {
      running = false;
    }
  };
  round();
  setInterval(round, seconds * 1000);
  document.addEventListener("visibilitychange", round);
}

const numbers = new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en");
export const number = (value) => numbers.format(value);

/** A number for headings: 6.5 billion, 65亿. */
export function short(value) {
  return new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en", {
    notation: "compact", maximumFractionDigits: value < 1e4 ? 0 : 2,
  }).format(value);
}

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${at ? value.toFixed(1) : value} ${units[at]}`;
}

export function lasting(seconds) {
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(seconds < 0.01 ? 2 : 1)} ms`;
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return [days && `${days} d`, hours && `${hours} h`, !days && minutes && `${minutes} min`].filter(Boolean).join(" ");
}

export function moment(epochSeconds) {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 19).replace("T", " ");
}

function topBar() {
  const health = $("health");
  const show = (kind, text) => {
    health.className = `pill ${kind}`;
    health.lastElementChild.textContent = text;
  };
  every(5, async () => {
    try {
      const answer = await fetch("readyz");
      const found = await answer.json();
      const state = said(`common.state_${found.status}`, found.status);
      if (found.writable === false) show("bad", t("common.not_writable"));
      else show(found.status === "ready" ? "good" : "warn", state);
    } catch {
      show("bad", t("common.unreachable_short"));
    }
  });
  if (document.body.dataset.page !== "tree") {
    every(5, async () => {
      const found = await get("clock").catch(() => null);
      if (found) showClock(found);
    });
    get("node").then((node) => {
      $("where").textContent = node.name ? `${node.name} · ${node.prefix}` : node.prefix;
      if (/\/nodes\/[^/]+\//.test(location.pathname)) $("where").after(h("a", { class: "chip", href: "../../" }, t("common.tree")));
    }).catch(() => {});
  }
}

/** Show the node's clock in the top bar. */
export function showClock(found) {
  const place = $("clock");
  place.textContent = `${found.time.slice(0, 16).replace("T", " ")} UTC`;
  place.classList.toggle("moved", found.moved);
}

$("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
});

$("language").addEventListener("click", (event) => {
  event.preventDefault();
  const asked = new URLSearchParams(location.search);
  asked.set("lang", new URL(event.currentTarget.href).searchParams.get("lang"));
  location.search = asked.toString();
});

topBar();
// On a phone the menu is a row that may be longer than the screen.
const here = document.querySelector(".menu [aria-current]");
if (here) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.clientWidth) / 2;

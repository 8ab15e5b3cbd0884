// The bench: traps and faults, the clock, states, fixtures.

import { $, ask, attempt, every, fill, get, h, language, lasting, moment, number, path, Refused, showClock, t, tell, trouble } from "./page.js";

let faults = [];

function shown(fault) {
  const words = $("find").value.trim().toLowerCase();
  if ($("on-only").checked && !fault.on) return false;
  return [fault.name, fault.en, fault.zh].some((text) => (text ?? "").toLowerCase().includes(words));
}

function card(fault) {
  const flip = h("input", {
    type: "checkbox", class: "switch", role: "switch", "aria-label": t("bench.switch", { name: fault.name }), "data-fault": fault.name,
    onchange: (event) => turn(fault.name, event.currentTarget.checked),
  });
  flip.checked = fault.on;
  const story = fault[language] ?? JSON.stringify({ match: fault.match, action: fault.action, when: fault.when });
  return h("article", { class: fault.on ? "fault on" : "fault" },
    flip,
    h("div", {},
      h("h3", {}, fault.name, " ", fault.trap ? null : h("span", { class: "tag" }, t("bench.own"))),
      h("p", {}, story)),
    h("div", { class: "right small nowrap" },
      fault.matched || fault.on ? h("div", { class: fault.struck ? "warn" : "soft" }, t("bench.struck", fault)) : null,
      fault.struck ? h("a", { href: `journal?text=${path(fault.match?.path?.replace(/\*.*/, "") ?? "")}` }, t("bench.try_it")) : null,
      fault.trap ? null : h("button", { type: "button", class: "danger", onclick: () => forget(fault.name) }, t("bench.remove"))));
}

function draw() {
  const rows = faults.filter(shown);
  rows.sort((one, other) => Number(other.on) - Number(one.on));
  fill($("faults"), rows.length ? rows.map(card) : h("p", { class: "empty" }, t("bench.no_faults")));
}

async function load() {
  faults = (await get("faults")).items;
  draw();
}

const turn = (name, on) => attempt(async () => {
  await ask("PUT", `faults/${path(name)}`, { on });
  tell(t(on ? "bench.switched_on" : "bench.switched_off", { name }));
}).then(load).then(() => document.querySelector(`[data-fault="${CSS.escape(name)}"]`)?.focus());

const forget = (name) => attempt(() => ask("DELETE", `faults/${path(name)}`)).then(load);

$("find").addEventListener("input", draw);
$("on-only").addEventListener("change", draw);
$("all-off").addEventListener("click", () => attempt(async () => {
  for (const fault of faults.filter((each) => each.on)) await ask("PUT", `faults/${path(fault.name)}`, { on: false });
  await load();
}));
$("own").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("POST", "faults", parsed($("fault").value));
    await load();
  });
});

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refused(400, error.message);
  }
}

// The clock

function clock(found) {
  const how = [];
  if (found.speed === 0) how.push(t("bench.clock_frozen"));
  else if (found.speed !== 1) how.push(t("bench.clock_speed", { speed: found.speed }));
  if (Math.abs(found.offset) >= 1) how.push(t(found.offset > 0 ? "bench.clock_ahead" : "bench.clock_behind", { offset: lasting(Math.abs(Math.round(found.offset))) }));
  $("clock-now").textContent = `${moment(found.now)} UTC`;
  $("clock-how").textContent = how.join(", ") || t("bench.clock_real");
  $("clock-how").classList.toggle("warn", found.moved);
  showClock(found);
}

$("moves").addEventListener("click", (event) => {
  const move = event.target.closest("[data-move]")?.dataset.move;
  if (!move) return;
  attempt(async () => {
    const found = await ask("POST", "clock", JSON.parse(move));
    clock(found);
    tell(t("bench.moved", { time: `${moment(found.now)} UTC` }));
  });
});

// States

async function states() {
  const found = await get("states");
  $("keep").hidden = false;
  $("reset").hidden = !found.items.some((each) => each.name === "first-start");
  fill($("states"), found.items.map((state) => h("tr", {},
    h("td", { class: "mono" }, state.name),
    h("td", { class: "soft small" }, moment(state.created)),
    h("td", { class: "soft small" }, t("bench.identifiers", { count: number(state.identifiers) })),
    h("td", { class: "right nowrap" },
      h("button", { type: "button", onclick: () => back(`states/${path(state.name)}/load`, state.name) }, t("bench.load")), " ",
      state.name === "first-start" ? null : h("button", { type: "button", class: "danger", onclick: () => attempt(() => ask("DELETE", `states/${path(state.name)}`)).then(states) }, t("bench.forget"))))));
}

const back = (call, name) => attempt(async () => {
  const found = await ask("POST", call);
  tell(t("bench.returned", { name, milliseconds: number(Math.round(found.milliseconds)) }));
  await Promise.all([states(), load()]);
});

$("reset").addEventListener("click", () => back("reset", "first-start"));
$("keep").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const { name } = await ask("POST", `states/${path($("state-name").value)}`);
    $("state-name").value = "";
    tell(t("bench.saved", { name }));
    await states();
  });
});

// Fixtures

$("give").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const found = await ask("POST", "fixtures", parsed($("fixture").value));
    tell(t("bench.given", { what: JSON.stringify(found) }));
  });
});

attempt(load);
every(1, async () => clock(await get("clock")));
get("node").then(({ resettable }) => {
  if (resettable) attempt(states);
  else $("states-lead").textContent = t("bench.states_off");
}).catch(trouble);
if (location.hash === "#clock") $("moves").querySelector("button").focus();

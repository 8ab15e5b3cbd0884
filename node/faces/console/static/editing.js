// Changing records as an identity that one signed in with. The secret is sent once; a session stands for it then.

import { $, ask, attempt, path, Refused, t, tell } from "./page.js";

const KEPT = "idnode-session";
let listener = () => {};
let afterwards = null;
let editing = null;

/** Have a function called with each handle that was changed, and whether it is gone. */
export function onChange(call) {
  listener = call;
}

function session() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT));
  } catch {
    return null;
  }
}

function showWho() {
  const known = session();
  $("who").textContent = known ? t("identifiers.as", { identity: known.identity }) : "";
  $("sign").textContent = t(known ? "identifiers.sign_out" : "identifiers.sign_in");
}

/** Open the dialog that asks who one is, or sign out; what was wanted goes on afterwards. */
export function beginSigning(then = null) {
  if (session() && !then) {
    const { session: name } = session();
    sessionStorage.removeItem(KEPT);
    showWho();
    attempt(() => ask("DELETE", "identity", {}, { "X-Idnode-Session": name }));
    return;
  }
  afterwards = then;
  refusal($("signing"), null);
  $("signing").showModal();
}

function refusal(dialog, error) {
  const place = dialog.querySelector(".notice");
  place.hidden = !error;
  place.textContent = error?.message ?? "";
  if (error && !(error instanceof Refused)) throw error;
}

/** Do something as who is signed in; without anybody, or after the session is over, ask who it is first. */
async function signed(work) {
  const known = session();
  if (!known) return beginSigning(work);
  try {
    await work({ "X-Idnode-Session": known.session });
  } catch (error) {
    if (error.status !== 401) throw error;
    sessionStorage.removeItem(KEPT);
    showWho();
    beginSigning(work);
  }
}

$("signing").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const found = await ask("POST", "identity", { identity: $("identity").value.trim(), secret: $("secret").value });
    sessionStorage.setItem(KEPT, JSON.stringify(found));
    $("secret").value = "";
    $("signing").close();
    showWho();
    const then = afterwards;
    afterwards = null;
    if (then) await attempt(() => signed(then));
  } catch (error) {
    refusal($("signing"), error);
  }
});

/** Open the editor: of a new record (`create`), of one more value (`index`), or of a value that is there. */
export function beginEditing(wanted) {
  editing = wanted;
  const { value, create } = wanted;
  $("h-editing").textContent = create ? t("identifiers.new") : value ? t("identifiers.edit_value", { index: value.index }) : t("identifiers.add_value");
  $("name-field").hidden = !create;
  $("new-handle").value = wanted.handle;
  $("index").value = value?.index ?? wanted.index ?? 1;
  $("index").disabled = Boolean(value);
  $("type").value = value?.type ?? "URL";
  $("ttl").value = typeof value?.ttl === "number" ? value.ttl : 86400;
  $("data").value = !value ? "" : value.data.format === "string" ? value.data.value : JSON.stringify(value.data, null, 2);
  refusal($("editing"), null);
  $("editing").showModal();
}

function typed() {
  const text = $("data").value;
  if (editing.value && editing.value.data.format === "string") return text;
  if (!text.trimStart().startsWith("{")) return text;
  try {
    const found = JSON.parse(text);
    return found && "format" in found && "value" in found ? found : text;
  } catch {
    return text;
  }
}

/** The HS_ADMIN value by which those who administer the prefix administer the record, too. */
function administrators(handle) {
  const above = `0.NA/${handle.split("/")[0]}`;
  const data = { format: "admin", value: { handle: above, index: 200, permissions: "111111111111" } };
  return { index: 100, type: "HS_ADMIN", data, ttl: 86400 };
}

$("editing").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const handle = editing.create ? $("new-handle").value.trim() : editing.handle;
  const value = { ...(editing.value?.references && { references: editing.value.references }), index: Number($("index").value), type: $("type").value.trim(), data: typed(), ttl: Number($("ttl").value) };
  if (editing.value) value.permissions = editing.value.permissions;
  const body = { values: editing.create ? [value, administrators(handle)] : [value], new: Boolean(editing.create) };
  const put = async (headers) => {
    await ask("PUT", `identifiers/${path(handle)}`, body, headers);
    $("editing").close();
    tell(t("identifiers.saved", { handle }));
    await listener(handle, false);
  };
  try {
    await signed(put);
  } catch (error) {
    refusal($("editing"), error);
  }
});

export function removeValue(handle, index) {
  if (confirm(t("identifiers.sure_value", { handle, index }))) remove(handle, `?index=${index}`, false);
}

export function removeRecord(handle) {
  if (confirm(t("identifiers.sure", { handle }))) remove(handle, "", true);
}

const remove = (handle, query, gone) => attempt(() => signed(async (headers) => {
  await ask("DELETE", `identifiers/${path(handle)}${query}`, {}, headers);
  tell(t("identifiers.removed", { handle }));
  await listener(handle, gone);
}));

for (const dialog of [$("signing"), $("editing")]) {
  dialog.querySelector(".cancel").addEventListener("click", () => dialog.close());
}
showWho();

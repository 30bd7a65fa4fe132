// Keys, as folders: what stands under a prefix.

import { follow } from "./api.js";
import { h } from "./dom.js";
import { matches } from "./health.js";
import { keyPage } from "./key.js";
import { List } from "./list.js";
import { toolbar } from "./toolbar.js";

export function kvPage(app, route) {
  const key = route.parts.join("/");
  if (route.query.has("new")) return keyPage(app, key, true);
  return key === "" || key.endsWith("/") ? folderPage(app, route, key) : keyPage(app, key, false);
}

// crumbs are links to the folders that a key lies in.
export function crumbs(app, key) {
  const parts = key.split("/").slice(0, -1);
  return [h("a", { href: app.key("") }, "Key/value"), parts.map((p, i) => [h("span", { class: "dim" }, " / "), h("a", { href: app.key(`${parts.slice(0, i + 1).join("/")}/`) }, p || "(empty)")]),
    key.endsWith("/") || key === "" ? null : [h("span", { class: "dim" }, " / "), key.split("/").at(-1)]];
}

// parent is the folder that a key or folder lies in.
export function parent(key) {
  return key.slice(0, key.lastIndexOf("/", key.length - 2) + 1);
}

function folderPage(app, route, prefix) {
  const stop = new AbortController();
  let keys = null;
  const list = new List({
    label: `Keys under ${prefix || "the root"}`, empty: "No keys.", key: (k) => k,
    columns: [{ title: "Key" }, { title: "Kind", class: "status" }],
    cells: (k) => [h("a", { href: app.key(k) }, k.slice(prefix.length) || "(this prefix itself)"), k.endsWith("/") && k !== prefix ? "folder" : "key"],
  });
  const tools = toolbar(app, route, { placeholder: "name", change: show }, h("a", { class: "button write", href: `${app.key(prefix)}?new=1` }, "New key"));
  function show() {
    if (!keys) return;
    const wanted = keys.filter((k) => matches(tools.words, [k.slice(prefix.length)]));
    tools.say(`${wanted.length} of ${keys.length}`);
    list.set(wanted);
  }
  follow(`/v1/kv/${encodeURIComponent(prefix)}?keys&separator=%2F`, stop.signal, (found) => { keys = found ?? []; show(); }, (error) => app.trouble("kv", error));
  return {
    title: prefix || "Key/value", list, up: prefix && app.key(parent(prefix)), close: () => { stop.abort(); list.close(); }, update() {},
    element: h("section", { class: "fill" }, h("h1", null, crumbs(app, prefix)), tools.element, list.element),
  };
}

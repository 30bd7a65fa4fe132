// Sessions, and the locks they hold.

import { access, find, follow, get, path, write } from "./api.js";
import { confirm, h, notice, redraw, table } from "./dom.js";
import { matches } from "./health.js";
import { List } from "./list.js";
import { toolbar } from "./toolbar.js";

const mostKeys = 5000; // keys looked through for locks without being asked to

export function sessionsPage(app, route) {
  const stop = new AbortController();
  const [marked] = route.parts;
  let sessions = null;
  const list = new List({
    label: "Sessions", empty: "No sessions.", key: (s) => s.ID,
    columns: [{ title: "Session" }, { title: "Node" }, { title: "TTL", class: "wide" }, { title: "Then keys are", class: "wide" }, { title: "Checks", class: "wide" }, { title: "", class: "action" }],
    cells: (s) => [
      h("a", { href: app.link("sessions", s.ID), "aria-current": s.ID === marked ? "true" : null, title: s.ID }, s.Name || s.ID),
      h("a", { href: app.link("nodes", s.Node) }, s.Node),
      s.TTL || "–",
      s.Behavior === "delete" ? "deleted" : "released",
      [...(s.NodeChecks ?? []), ...(s.ServiceChecks ?? []).map((c) => c.ID)].join(", "),
      h("button", { type: "button", class: "danger write", disabled: !access.writable, click: () => destroy(s) }, "End"),
    ],
  });
  const tools = toolbar(app, route, { placeholder: "name, id or node", change: show });
  const locks = lockFinder(app);
  function show() {
    if (!sessions) return;
    const wanted = sessions.filter((s) => matches(tools.words, [s.ID, s.Name, s.Node])).sort((a, b) => (b.ID === marked) - (a.ID === marked));
    tools.say(`${wanted.length} of ${sessions.length} sessions`);
    list.set(wanted);
  }
  async function destroy(s) {
    if (!await confirm("End this session?", `${s.Name || s.ID} on ${s.Node}: the keys it has locked are ${s.Behavior === "delete" ? "deleted" : "released"}.`, "End session")) return;
    try {
      await write("PUT", path("/v1/session/destroy/", s.ID));
    } catch (error) { notice("sessions", `Not ended: ${error.message}`); }
  }
  follow("/v1/session/list", stop.signal, (found) => { sessions = found ?? []; show(); locks.look(); }, (error) => app.trouble("sessions", error));
  access.addEventListener("change", show, { signal: stop.signal });
  return {
    title: "Sessions", list, close: () => { stop.abort(); list.close(); }, update() {},
    element: h("section", { class: "fill" }, h("h1", null, "Sessions"), tools.element, list.element, locks.element),
  };
}

// lockFinder shows which keys are locked. Keys are not watched: it looks when sessions change, or when told to.
function lockFinder(app) {
  const prefix = h("input", { id: "lock-prefix", autocomplete: "off", spellcheck: "false", placeholder: "everywhere" });
  const body = h("div", { "aria-live": "polite" });
  async function look(asked) {
    try {
      const under = encodeURIComponent(prefix.value);
      const keys = await find(`/v1/kv/${under}?keys`) ?? [];
      if (keys.length > mostKeys && !asked) return redraw(body, h("p", { class: "empty" }, `${keys.length} keys: say under which prefix to look.`));
      const held = keys.length ? (await get(`/v1/kv/${under}?recurse`)).filter((k) => k.Session) : [];
      redraw(body, held.length === 0 ? h("p", { class: "empty" }, "No key is locked.") : table("Locked keys", ["Key", "Held by"], held.slice(0, 500).map((k) => [
        h("a", { href: app.key(k.Key) }, k.Key), h("a", { href: app.link("sessions", k.Session) }, k.Session)])));
    } catch (error) { app.trouble("locks", error); }
  }
  return {
    look: () => look(false),
    element: h("div", { class: "locks" }, h("h2", null, "Locks"),
      h("form", { class: "tools", submit: (event) => { event.preventDefault(); look(true); } },
        h("label", { for: "lock-prefix" }, "Under prefix"), prefix, h("button", { type: "submit" }, "Look")), body),
  };
}

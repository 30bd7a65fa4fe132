// One service: its instances, and one of them with its checks.

import { get, path } from "./api.js";
import { badge, facts, h, redraw, tags, together } from "./dom.js";
import { address, matches, order } from "./health.js";
import { checkList, standings } from "./checks.js";
import { List } from "./list.js";
import { bar } from "./services.js";
import { toolbar } from "./toolbar.js";

export function servicePage(app, route) {
  const [name, node, id] = route.parts;
  const heading = h("div", { class: "head" }), pane = h("aside", { class: "pane", "aria-label": "Instance" });
  const open = new Set();
  let chosen = null, shown = "", drawn = "", rows = [], details = null, known = new Map();
  const list = new List({
    label: `Instances of ${name}`, empty: "No instance matches.", key: (i) => `${i.node}/${i.id}`,
    columns: [{ title: "Instance" }, { title: "Status", class: "status" }, { title: "Node", class: "wide" }, { title: "Address", class: "wide" }],
    cells: (i) => [
      h("a", { href: app.link("services", name, i.node, i.id) + app.wanted(), "aria-current": chosen && chosen.id === i.id && chosen.node === i.node ? "true" : null }, i.id),
      badge(i.status), i.node, address(i.at, i.port),
    ],
  });
  const tools = toolbar(app, route, { placeholder: "instance, node, address or tag", failing: "Failing only", change: show });

  function show() {
    const service = app.catalog.services().get(name.toLowerCase());
    rows = (service?.instances ?? []).map((i) => ({ ...i, name: i.id })).sort(order);
    chosen = rows.find((i) => i.node === node && i.id === id) ?? (id === undefined ? rows[0] : null);
    heading.replaceChildren(...head(app, name, service));
    const wanted = rows.filter((i) => (!tools.failing || i.status !== "passing") && matches(tools.words, [i.id, i.node, address(i.at, i.port), ...i.tags]));
    tools.say(`${wanted.length} of ${rows.length} instances`);
    list.set(wanted);
    showChosen();
  }

  function showChosen() {
    const key = chosen ? `${chosen.node}/${chosen.id}` : "";
    if (key !== shown) { details = null; known = new Map(); if (chosen) ask(); }
    shown = key;
    if (!chosen) drawn = "";
    if (!chosen) return void pane.replaceChildren(h("p", { class: "empty" }, id ? `There is no instance ${id} on ${node} (any more).` : "Nothing to show."));
    const checks = app.catalog.checksOf(chosen.node, chosen.id), mark = JSON.stringify([chosen, details, [...known.values()].map((k) => [k.CheckID, k.Status, k.Output, k.Since]), checks]);
    if (mark === drawn) return;
    drawn = mark;
    redraw(pane,
      h("h2", null, badge(chosen.status), " ", chosen.id),
      facts([["Address", address(chosen.at, chosen.port)], ["Node", h("a", { href: app.link("nodes", chosen.node) }, chosen.node)],
        ["Tags", chosen.tags.length ? tags(chosen.tags) : ""], ...(details ?? [])]),
      h("h3", null, "Checks"),
      checkList(app, checks, open, known));
  }

  // ask gets what the list does not tell of the chosen instance.
  const ask = together(100, async () => {
    const { node: where, id: which } = chosen ?? {};
    if (!which) return;
    try {
      const [all, own] = await Promise.all([get(`${path("/v1/catalog/node-services/", where)}?stale`), standings(app, where)]);
      const rest = all?.Services.find((s) => s.ID === which);
      if (!rest || chosen?.id !== which || chosen?.node !== where) return;
      known = own;
      app.trouble("instance", null);
      details = [["Weights", `${rest.Weights.Passing} passing, ${rest.Weights.Warning} warning`],
        ["Guard", rest.Guard ? JSON.stringify(rest.Guard) : ""],
        ...Object.entries(rest.Meta ?? {}).map(([k, v]) => [`meta ${k}`, v])];
      showChosen();
    } catch (error) { app.trouble("instance", error); }
  });

  show();
  return {
    title: name, list, up: app.link("services"), close: () => { list.close(); ask.stop(); },
    element: h("section", { class: "fill" }, heading, tools.element, h("div", { class: "split" }, list.element, pane)),
    update(detail) {
      if (!detail.all && !detail.services.has(name.toLowerCase())) return;
      show();
      if (chosen && (detail.all || detail.nodes.has(chosen.node.toLowerCase()))) ask();
    },
  };
}

function head(app, name, service) {
  const dns = new URLSearchParams({ name, type: "SRV" }); // one word is a service to the agent, in whatever zone
  return [
    h("h1", null, h("a", { href: app.link("services") }, "Services"), h("span", { class: "dim" }, " / "), service?.name ?? name),
    service && badge(service.status), service && bar(service),
    h("a", { class: "button", href: `#/query?${dns}` }, "What does DNS answer?"),
  ];
}

// The nodes of the datacenter, and one of them.

import { follow, get } from "./api.js";
import { badge, facts, h, redraw, table, together } from "./dom.js";
import { address, matches, milliseconds, order, roundTrip, statusOf, worst } from "./health.js";
import { checkList, standings } from "./checks.js";
import { List } from "./list.js";
import { toolbar } from "./toolbar.js";

const memberStates = ["none", "alive", "leaving", "left", "failed"];

// Places knows the agents of the cluster and how far they are from the one that is asked.
class Places {
  members = new Map(); // by name in lower case
  #where = new Map();
  #self = "";

  constructor(app, changed) {
    this.#stop = new AbortController();
    this.refresh = together(300, async () => {
      try {
        this.#self = (await app.self()).Config.NodeName.toLowerCase();
        this.members = new Map((await get("/v1/agent/members", this.#stop.signal)).map((m) => [m.Name.toLowerCase(), m]));
        app.trouble("members", null);
        changed();
      } catch (error) { if (!this.#stop.signal.aborted) app.trouble("members", error); }
    });
    this.refresh();
    follow("/v1/coordinate/nodes?stale", this.#stop.signal, (all) => {
      this.#where = new Map((all ?? []).map((e) => [e.Node.toLowerCase(), e.Coord]));
      changed();
    }, (error) => app.trouble("coordinates", error));
  }

  #stop;
  close() { this.#stop.abort(); this.refresh.stop(); }

  // state is what gossip says of a node's agent, "no agent" where it knows of none.
  state(node) {
    const m = this.members.get(node.toLowerCase());
    return m ? memberStates[m.Status] ?? "unknown" : "no agent";
  }

  rtt(node) {
    const key = node.toLowerCase();
    return key === this.#self ? null : roundTrip(this.#where.get(this.#self), this.#where.get(key));
  }

  isSelf(node) { return node.toLowerCase() === this.#self; }
}

const healthOf = (node) => worst([...node.checks.values()].map(statusOf));

export function nodesPage(app, route) {
  const list = new List({
    label: "Nodes", empty: "No node matches.", key: (n) => n.name,
    columns: [{ title: "Node" }, { title: "Address", class: "wide" }, { title: "Agent", class: "status" }, { title: "Round trip", class: "number" }, { title: "Instances", class: "number wide" }],
    cells: (n) => [[badge(n.status, ""), h("a", { href: app.link("nodes", n.name) }, n.name)], n.address, badge(n.state), n.self ? "here" : milliseconds(n.rtt) || "–", String(n.instances)],
  });
  const tools = toolbar(app, route, { placeholder: "name or address", failing: "Failing only", change: () => show() },
    h("label", null, "Sort by ", h("select", { id: "sort", change: () => show() }, h("option", { value: "status" }, "status"), h("option", { value: "rtt" }, "round trip"))));
  const sort = tools.element.querySelector("#sort");
  const places = new Places(app, () => show());
  function show() {
    const all = [...app.catalog.nodes.values()].map((n) => ({
      name: n.row.Node, address: n.row.Address, status: healthOf(n), instances: n.instances.size,
      state: places.state(n.row.Node), rtt: places.rtt(n.row.Node), self: places.isSelf(n.row.Node),
    }));
    const near = (n) => (n.self ? -1 : n.rtt ?? Infinity);
    const wanted = all.filter((n) => (!tools.failing || n.status !== "passing") && matches(tools.words, [n.name, n.address]))
      .sort(sort.value === "rtt" ? (a, b) => (near(a) === near(b) ? order(a, b) : near(a) - near(b)) : order);
    tools.say(`${wanted.length} of ${all.length} nodes, ${all.filter((n) => n.status !== "passing").length} with failing checks`);
    list.set(wanted);
  }
  show();
  return {
    title: "Nodes", list, element: h("section", { class: "fill" }, h("h1", null, "Nodes"), tools.element, list.element),
    close: () => { list.close(); places.close(); },
    update: (detail) => { show(); if (detail.all || detail.nodes.size) places.refresh(); },
  };
}

export function nodePage(app, route) {
  const [name] = route.parts;
  const body = h("div"), open = new Set();
  const places = new Places(app, () => show());
  let drawn = "", known = new Map();
  const ask = together(200, () => standings(app, name).then((k) => { known = k; app.trouble("checks", null); show(); }, (error) => app.trouble("checks", error)));
  function show() {
    const node = app.catalog.nodes.get(name.toLowerCase());
    const checks = app.catalog.checksOf(name, ""), member = places.members.get(name.toLowerCase());
    const mark = JSON.stringify([node?.row, node && [...node.instances.values(), ...node.checks.values()], member, places.rtt(name), [...known.values()].map((k) => [k.CheckID, k.Output, k.Since])]);
    if (mark === drawn) return;
    drawn = mark;
    const instances = node ? [...node.instances.values()].map((i) => ({ ...i, name: i.id, status: worst([...node.checks.values()].filter((c) => c.ServiceID === i.id || !c.ServiceID).map(statusOf)) })).sort(order) : [];
    redraw(body,
      h("div", { class: "head" }, h("h1", null, h("a", { href: app.link("nodes") }, "Nodes"), h("span", { class: "dim" }, " / "), node?.row.Node ?? name), node && badge(healthOf(node))),
      !node && h("p", { class: "empty" }, "There is no such node (any more)."),
      node && [
        facts([["Address", node.row.Address], ["Agent", badge(places.state(name))], ["Round trip", places.isSelf(name) ? "this agent" : milliseconds(places.rtt(name))],
          ["Kind", member && (member.Tags.role === "consul" ? "server" : "client")], ["Version", member?.Tags.build], ["ID", node.row.ID],
          ...Object.entries(node.row.Meta ?? {}).map(([k, v]) => [`meta ${k}`, v])]),
        h("h2", null, "Checks of the node"), checkList(app, checks, open, known),
        h("h2", null, `Instances (${instances.length})`),
        table("Instances", ["Status", "Instance", "Service", "Address"], instances.slice(0, 500).map((i) => [badge(i.status),
          h("a", { href: app.link("services", i.service, i.node, i.id) }, i.id), i.service, address(i.address || node.row.Address, i.port)])),
        instances.length > 500 && h("p", { class: "dim" }, `${instances.length - 500} more are not shown.`),
      ]);
  }
  show();
  return {
    title: name, up: app.link("nodes"), element: h("section", null, body), close: () => { places.close(); ask.stop(); },
    update(detail) {
      if (!detail.all && !detail.nodes.has(name.toLowerCase())) return;
      show();
      places.refresh();
      ask();
    },
  };
}

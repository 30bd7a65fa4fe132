// The catalog as the page knows it: read once, kept by the stream of changes.

import { get, pause } from "./api.js";
import { statusOf, worst } from "./health.js";
import { together } from "./dom.js";

const hiddenFor = 20000; // ms after which a page that nobody sees gives its connection back

// Catalog tells "change" (detail: names of nodes and services in lower case) and "state" (live, wait, lost).
export class Catalog extends EventTarget {
  nodes = new Map(); // name in lower case to {row, instances, checks}, these by id
  index = 0;
  lineage = ""; // names the history that the index is of
  state = "wait";
  seen = []; // turns of checks since the page was opened, newest first
  #queue = null; // changes that came while everything is read
  #touched = { nodes: new Set(), services: new Set(), all: false };
  #source = null;
  #failures = 0;
  #tell = together(150, () => {
    const detail = this.#touched;
    this.#touched = { nodes: new Set(), services: new Set(), all: false };
    this.dispatchEvent(new CustomEvent("change", { detail }));
  });

  start() {
    this.#connect();
    let timer = 0;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => this.#stop("wait"), hiddenFor);
      else if (!this.#source) this.#connect();
    });
    addEventListener("online", () => { this.#failures = 0; this.#connect(); });
    addEventListener("offline", () => this.#lost());
  }

  #set(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  #stop(state) {
    this.#source?.close();
    this.#source = null;
    this.#set(state);
  }

  #connect() {
    this.#source?.close();
    const place = `?index=${this.index}${this.lineage && `&lineage=${this.lineage}`}`;
    const source = new EventSource(`/v1/events/stream${this.index && !this.#queue ? place : ""}`);
    this.#source = source;
    const of = (call) => (event) => this.#source === source && call(JSON.parse(event.data));
    for (const event of ["begin", "reset"]) {
      source.addEventListener(event, of(({ Index, Lineage = "" }) => { this.index = Index; this.lineage = Lineage; this.#load(source); }));
    }
    source.addEventListener("change", of((change) => {
      this.index = Math.max(this.index, change.Index);
      this.lineage = change.Lineage ?? this.lineage;
      if (this.#queue) this.#queue.push(change);
      else this.#apply(change);
    }));
    source.addEventListener("open", () => {
      if (this.#source === source && this.index && !this.#queue) { this.#failures = 0; this.#set("live"); }
    });
    source.addEventListener("error", () => this.#source === source && this.#lost());
  }

  async #lost() {
    this.#stop("lost");
    const wait = Math.min(10000, 500 * 2 ** this.#failures++) * (0.75 + Math.random() / 2);
    await pause(wait);
    if (!this.#source && !document.hidden) this.#connect();
  }

  async #load(source) {
    this.#queue = [];
    try {
      const nodes = await get("/v1/internal/ui/nodes?stale");
      if (this.#source !== source) return; // another one reads everything anew
      this.nodes = new Map();
      for (const { Services, Checks, ...row } of nodes) {
        const node = this.#node(row.Node);
        node.row = row;
        for (const s of Services) node.instances.set(s.ID, instance(row.Node, s));
        for (const check of Checks) node.checks.set(check.CheckID, check);
      }
      const queue = this.#queue;
      this.#queue = null;
      queue.forEach((change) => this.#apply(change));
      this.#touched.all = true;
      this.#failures = 0;
      this.#set("live");
      this.#tell();
    } catch {
      if (this.#source === source) this.#lost(); // the state says so, and it is tried again
    }
  }

  #node(name) {
    const key = name.toLowerCase();
    if (!this.nodes.has(key)) this.nodes.set(key, { row: { Node: name, Address: "" }, instances: new Map(), checks: new Map() });
    return this.nodes.get(key);
  }

  #touch(node, service) {
    this.#touched.nodes.add(node.toLowerCase());
    if (service) this.#touched.services.add(service.toLowerCase());
  }

  #apply({ Index, Nodes, Services, Checks, Gone }) {
    this.index = Math.max(this.index, Index);
    // A row of another CreateIndex is another one: what was on the former went with it, within this change.
    for (const row of Nodes) {
      if (row.CreateIndex > this.#node(row.Node).row.CreateIndex) this.#gone(row);
      this.#node(row.Node).row = row;
      this.#touch(row.Node);
    }
    for (const s of Services) {
      if (s.CreateIndex > this.#node(s.Node).instances.get(s.ID)?.created) this.#gone({ Node: s.Node, ServiceID: s.ID });
      this.#touch(s.Node, this.#node(s.Node).instances.get(s.ID)?.service);
      this.#node(s.Node).instances.set(s.ID, instance(s.Node, s));
      this.#touch(s.Node, s.Service);
    }
    for (const c of Checks) this.#check(c);
    for (const g of Gone) this.#gone(g);
    this.#tell();
  }

  #check(check) {
    const checks = this.#node(check.Node).checks, before = checks.get(check.CheckID);
    if (before && before.ModifyIndex > check.ModifyIndex) return;
    if (before && statusOf(before) !== statusOf(check)) {
      this.seen.unshift({ node: check.Node, id: check.CheckID, At: new Date().toISOString(), From: statusOf(before), To: statusOf(check), Reason: check.Output });
      this.seen.length = Math.min(this.seen.length, 500);
    }
    checks.set(check.CheckID, check);
    this.#touch(check.Node, check.ServiceName);
    if (!check.ServiceID) for (const i of this.#node(check.Node).instances.values()) this.#touch(check.Node, i.service);
  }

  #gone({ Node, ServiceID, CheckID }) {
    const node = this.nodes.get(Node.toLowerCase());
    if (!node) return;
    this.#touch(Node);
    const drop = (id) => {
      this.#touch(Node, node.instances.get(id)?.service);
      node.instances.delete(id);
      for (const [check, row] of node.checks) if (row.ServiceID === id) node.checks.delete(check);
    };
    if (CheckID) {
      this.#touch(Node, node.checks.get(CheckID)?.ServiceName);
      node.checks.delete(CheckID);
    } else if (ServiceID) drop(ServiceID);
    else {
      [...node.instances.keys()].forEach(drop);
      this.nodes.delete(Node.toLowerCase());
    }
  }

  // services lists all services by name in lower case: {name, status, counts, tags, instances}.
  services() {
    const found = new Map();
    for (const node of this.nodes.values()) {
      const own = statuses(node);
      for (const i of node.instances.values()) {
        const key = i.service.toLowerCase();
        let s = found.get(key);
        if (!s) found.set(key, s = { name: i.service, status: "passing", counts: { passing: 0, warning: 0, critical: 0, maintenance: 0 }, tags: new Set(), instances: [] });
        const status = worst([own.get("") ?? "passing", own.get(i.id) ?? "passing"]);
        s.counts[status]++;
        s.status = worst([s.status, status]);
        for (const t of i.tags) s.tags.add(t);
        s.instances.push({ ...i, status, at: i.address || node.row.Address });
      }
    }
    return found;
  }

  // checksOf lists the checks an instance's health depends on; with an empty id those of the node alone.
  checksOf(nodeName, id) {
    const node = this.nodes.get(nodeName.toLowerCase());
    return node ? [...node.checks.values()].filter((c) => c.ServiceID === "" || c.ServiceID === id) : [];
  }
}

// statuses maps each instance, and "" for the node, to the worst of its checks.
function statuses(node) {
  const out = new Map();
  for (const c of node.checks.values()) out.set(c.ServiceID, worst([out.get(c.ServiceID) ?? "passing", statusOf(c)]));
  return out;
}

function instance(node, s) {
  return { node, id: s.ID, service: s.Service, address: s.Address, port: s.Port, tags: s.Tags ?? [], created: s.CreateIndex };
}

// Run with node and the path of catalog.js as a module: a stream and an agent made of functions.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const service = (ID, Service, Tags = []) => ({ ID, Service, Address: "", Port: 80, Tags });
const check = (Node, CheckID, ServiceID, Status, ModifyIndex = 1) => ({ Node, CheckID, ServiceID, ServiceName: ServiceID.split("-")[0], Status, Output: "o", ModifyIndex });
const answers = {
  "/v1/internal/ui/nodes": [
    { Node: "N1", Address: "10.0.0.1", Services: [service("web-1", "web", ["v1", "blue"])], Checks: [check("N1", "c1", "web-1", "passing")] },
    { Node: "n2", Address: "10.0.0.2", Services: [service("web-2", "Web"), service("db-1", "db")], Checks: [check("n2", "c2", "web-2", "critical"), check("n2", "n", "", "passing")] },
  ],
};
const asked = [], sources = [];
let answering = Promise.resolve();
globalThis.document = { hidden: false, addEventListener() {} };
globalThis.addEventListener = () => {};
globalThis.fetch = async (path) => {
  asked.push(path);
  await answering;
  return { ok: true, json: async () => structuredClone(answers[path.split("?")[0]]) };
};
globalThis.EventSource = class extends EventTarget {
  constructor(url) { super(); this.url = url; sources.push(this); }
  close() { this.closed = true; }
  tell(event, data) { this.dispatchEvent(Object.assign(new Event(event), { data: JSON.stringify(data) })); }
};
const { Catalog } = await import(pathToFileURL(process.argv[2]));

const catalog = new Catalog();
const changed = () => new Promise((resolve) => catalog.addEventListener("change", (e) => resolve(e.detail), { once: true }));
const change = (parts) => ({ Index: 12, Nodes: [], Services: [], Checks: [], Gone: [], ...parts });
const view = () => Object.fromEntries([...catalog.services()].map(([key, s]) => [key, `${s.status} ${s.instances.length}`]));

// A change that comes while everything is read counts after what was read.
let answer;
answering = new Promise((resolve) => { answer = resolve; });
catalog.start();
assert.equal(sources[0].url, "/v1/events/stream");
let next = changed();
sources[0].tell("begin", { Index: 10, Lineage: "aa" });
sources[0].tell("change", change({ Index: 11, Checks: [check("n2", "c2", "web-2", "passing", 11)] }));
assert.equal(catalog.state, "wait");
answer();
assert.ok((await next).all);
assert.equal(catalog.state, "live");
assert.deepEqual(view(), { web: "passing 2", db: "passing 1" });
assert.deepEqual([...catalog.services().get("web").tags], ["v1", "blue"]);
assert.equal(asked.length, 1);

// Changes of a burst are told of once, with what they touch; nothing more is asked.
next = changed();
sources[0].tell("change", change({ Checks: [check("n2", "n", "", "critical", 12)] }));
sources[0].tell("change", change({ Index: 13, Services: [{ Node: "N1", ID: "db-2", Service: "db", Address: "", Port: 1, Tags: null }] }));
let detail = await next;
assert.deepEqual([[...detail.nodes].sort(), [...detail.services].sort(), detail.all], [["n1", "n2"], ["db", "web"], false]);
assert.deepEqual(view(), { web: "critical 2", db: "critical 2" });
assert.equal(asked.length, 1);
assert.deepEqual(catalog.seen.map((s) => `${s.id} ${s.From} ${s.To}`), ["n passing critical", "c2 critical passing"]);

// Rows that are gone: a service takes its checks along, a node all that was on it. Names come in lower case.
next = changed();
sources[0].tell("change", change({ Index: 14, Gone: [{ Node: "n1", ServiceID: "web-1" }] }));
detail = await next;
assert.ok(detail.services.has("web"));
assert.deepEqual(catalog.checksOf("N1", "web-1"), []);
next = changed();
sources[0].tell("change", change({ Index: 15, Gone: [{ Node: "n2" }] }));
await next;
assert.deepEqual(view(), { db: "passing 1" });

// Cut off, it says so and goes on behind what it has; told to, it reads everything anew.
sources[0].dispatchEvent(new Event("error"));
assert.equal(catalog.state, "lost");
assert.ok(sources[0].closed);
while (sources.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
assert.equal(sources[1].url, "/v1/events/stream?index=15&lineage=aa");
sources[1].dispatchEvent(new Event("open"));
assert.equal(catalog.state, "live");
next = changed();
sources[1].tell("reset", { Index: 20 });
await next;
assert.deepEqual(view(), { web: "critical 2", db: "passing 1" });
assert.equal(asked.length, 2);

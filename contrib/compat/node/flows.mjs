// Documented flows of the npm package "consul" against a running agent.
// Usage: CONSUL_HTTP_ADDR=host:port node flows.mjs
import assert from "node:assert/strict";
import Consul from "consul";

const [host, port] = (process.env.CONSUL_HTTP_ADDR ?? "127.0.0.1:8500").split(":");
const consul = new Consul({ host, port: Number(port) });
const prefix = `node-${process.pid}`;
const seconds = (n) => new Promise((done) => setTimeout(done, n * 1000));

// until repeats a look until it finds something.
async function until(what, look) {
  for (const end = Date.now() + 30_000; ; await seconds(0.05)) {
    const found = await look();
    if (found) return found;
    assert(Date.now() < end, `${what}: not within 30 s`);
  }
}

const flows = {
  async keys() {
    assert.equal(await consul.kv.get(`${prefix}/a`), undefined);
    assert.equal(await consul.kv.set(`${prefix}/a`, "hello"), true);
    const pair = await consul.kv.get(`${prefix}/a`);
    assert.deepEqual([pair.Key, pair.Value, pair.Flags, pair.LockIndex], [`${prefix}/a`, "hello", 0, 0]);
    assert(!(await consul.kv.set({ key: `${prefix}/a`, value: "no", cas: "1" }))); // the client makes undefined of false
    assert.equal(await consul.kv.set({ key: `${prefix}/a`, value: "yes", cas: String(pair.ModifyIndex) }), true);
    assert.deepEqual(await consul.kv.keys(`${prefix}/`), [`${prefix}/a`]);
    assert.equal((await consul.kv.get({ key: `${prefix}/`, recurse: true }))[0].Value, "yes");
    await consul.kv.del({ key: prefix, recurse: true });
    await assert.rejects(consul.kv.keys(`${prefix}/`), { isResponse: true, statusCode: 404 });
  },

  async lock() {
    const a = (await consul.session.create({ ttl: "30s", lockdelay: "1s" })).ID;
    const b = (await consul.session.create()).ID;
    assert.equal(await consul.kv.set({ key: `${prefix}/l`, value: "a", acquire: a }), true);
    assert(!(await consul.kv.set({ key: `${prefix}/l`, value: "b", acquire: b })));
    assert.equal((await consul.kv.get(`${prefix}/l`)).Session, a);
    assert.equal(await consul.kv.set({ key: `${prefix}/l`, value: "", release: a }), true);
    assert.equal(await consul.kv.set({ key: `${prefix}/l`, value: "b", acquire: b }), true);
    assert.equal((await consul.kv.get(`${prefix}/l`)).LockIndex, 2);
    for (const id of [a, b]) await consul.session.destroy(id);
    assert.equal((await consul.kv.get(`${prefix}/l`)).Session, undefined);
    await consul.kv.del(`${prefix}/l`);
  },

  async sessions() {
    const { ID } = await consul.session.create({ name: prefix, ttl: "10s", behavior: "delete" });
    const s = await consul.session.get(ID);
    assert.deepEqual([s.Name, s.TTL, s.Behavior, s.LockDelay, s.NodeChecks], [prefix, "10s", "delete", 15e9, ["serfHealth"]]);
    assert.equal((await consul.session.renew(ID))[0].ID, ID);
    assert((await consul.session.list()).some((each) => each.ID === ID));
    assert((await consul.session.node(s.Node)).some((each) => each.ID === ID));
    await consul.session.destroy(ID);
    assert.equal(await consul.session.get(ID), undefined);
  },

  async healthAndChecks() {
    await consul.agent.service.register({ name: prefix, port: 80, tags: ["t"], check: { ttl: "60s", notes: "n" } });
    const healthy = () => consul.health.service({ service: prefix, passing: true });
    assert.deepEqual(await healthy(), []);
    await consul.agent.check.pass({ id: `service:${prefix}`, note: "well" });
    const [entry] = await until("healthy", async () => (await healthy()).length && healthy());
    assert.deepEqual([entry.Service.ID, entry.Service.Tags, entry.Service.Port, entry.Service.Weights], [prefix, ["t"], 80, { Passing: 1, Warning: 1 }]);
    assert.equal((await consul.agent.checks())[`service:${prefix}`].Output, "well");
    await consul.agent.check.fail(`service:${prefix}`);
    await until("critical", async () => (await healthy()).length === 0);
    assert.equal((await consul.health.checks(prefix))[0].Status, "critical");
    assert((await consul.catalog.service.list())[prefix].includes("t"));
    assert.equal((await consul.catalog.service.nodes(prefix))[0].ServicePort, 80);
    await consul.agent.service.deregister(prefix);
    await until("gone", async () => (await consul.catalog.service.nodes(prefix)).length === 0);
    await assert.rejects(consul.agent.check.pass("none"), { statusCode: 404 });
  },

  async blocking() {
    await consul.kv.set(`${prefix}/w`, "1");
    const watch = consul.watch({ method: consul.kv.get, options: { key: `${prefix}/w`, wait: "60s" } });
    const seen = [];
    watch.on("change", (pair) => seen.push(pair.Value));
    watch.on("error", (err) => assert.fail(err));
    await until("the first value", () => seen.includes("1"));
    await consul.kv.set(`${prefix}/w`, "2");
    await until("the second value", () => seen.includes("2"));
    watch.end();
    await consul.kv.del(`${prefix}/w`);
  },

  async transaction() {
    const done = await consul.transaction.create([{ KV: { Verb: "set", Key: `${prefix}/t`, Value: btoa("v") } }, { KV: { Verb: "get", Key: `${prefix}/t` } }]);
    assert.equal(done.Results.length, 2);
    await assert.rejects(consul.transaction.create([{ KV: { Verb: "get", Key: `${prefix}/none` } }]), { statusCode: 409 });
    await consul.kv.del(`${prefix}/t`);
  },

  async agent() {
    assert.equal((await consul.agent.self()).Config.Datacenter, "dc1");
    assert((await consul.agent.members()).every((m) => m.Status === 1));
    assert.match(await consul.status.leader(), /:8300$/);
    assert((await consul.status.peers()).length > 0);
    assert.deepEqual(await consul.catalog.datacenters(), ["dc1"]);
    await consul.agent.maintenance({ enable: true, reason: "test" });
    assert.equal((await consul.agent.checks())._node_maintenance.Notes, "test");
    await consul.agent.maintenance(false);
  },
};

for (const flow of Object.values(flows)) await flow();
console.log(`npm consul: ${Object.keys(flows).length} flows`);
process.exit(0); // connections of the ended watch would keep it

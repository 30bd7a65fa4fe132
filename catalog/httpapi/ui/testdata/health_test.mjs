// Run with node and the path of health.js as a module.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const { instanceOf, order, statusOf, worst } = await import(pathToFileURL(process.argv[2]));

assert.equal(worst([]), "passing");
assert.equal(worst(["passing", "critical", "warning"]), "critical");
assert.equal(worst(["critical", "maintenance"]), "maintenance");
assert.equal(statusOf({ CheckID: "_node_maintenance", Status: "critical" }), "maintenance");
assert.equal(statusOf({ CheckID: "_service_maintenance:a", Status: "critical" }), "maintenance");
assert.equal(statusOf({ CheckID: "c", Status: "warning" }), "warning");

const entry = (address, port, checks = []) => ({ Node: { Node: "n1", Address: "10.0.0.1" }, Service: { ID: "a", Address: address, Port: port }, Checks: checks });
assert.equal(instanceOf(entry("", 80)).address, "10.0.0.1:80");
assert.equal(instanceOf(entry("fe80::1", 80)).address, "[fe80::1]:80");
assert.equal(instanceOf(entry("fe80::1", 0)).address, "fe80::1");
assert.deepEqual(instanceOf(entry("", 0, [{ CheckID: "c", Name: "", Status: "critical", Output: "", Notes: "n" }])),
  { status: "critical", id: "a", node: "n1", address: "10.0.0.1", checks: [{ status: "critical", name: "c", text: "n" }] });

const names = [{ name: "b", status: "passing" }, { name: "a", status: "passing" }, { name: "z", status: "critical" }].sort(order).map((s) => s.name);
assert.deepEqual(names, ["z", "a", "b"]);

// Run with node and the path of health.js as a module.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const { address, matches, milliseconds, order, roundTrip, statusOf, worst } = await import(pathToFileURL(process.argv[2]));

assert.equal(worst([]), "passing");
assert.equal(worst(["passing", "critical", "warning"]), "critical");
assert.equal(worst(["critical", "maintenance"]), "maintenance");
assert.equal(statusOf({ CheckID: "_node_maintenance", Status: "critical" }), "maintenance");
assert.equal(statusOf({ CheckID: "_service_maintenance:a", Status: "critical" }), "maintenance");
assert.equal(statusOf({ CheckID: "c", Status: "warning" }), "warning");

assert.equal(address("10.0.0.1", 80), "10.0.0.1:80");
assert.equal(address("fe80::1", 80), "[fe80::1]:80");
assert.equal(address("fe80::1", 0), "fe80::1");

const names = [{ name: "b", status: "passing" }, { name: "a", status: "passing" }, { name: "z", status: "critical" }].sort(order).map((s) => s.name);
assert.deepEqual(names, ["z", "a", "b"]);

assert.ok(matches("", ["web"]));
assert.ok(matches("WEB blue", ["web", "Blue"]));
assert.ok(!matches("web red", ["web", "blue"]));

const at = (x, height, adjustment) => ({ Vec: [x, 0], Height: height, Adjustment: adjustment });
assert.equal(roundTrip(at(0, 0, 0), at(0.25, 0, 0)), 0.25);
assert.equal(roundTrip(at(0, 0.5, 0), at(0, 0.25, 0.25)), 1);
assert.equal(roundTrip(at(0, 0.5, -1), at(0, 0.5, 0)), 1); // what an adjustment would make 0 or less stays
assert.equal(roundTrip(null, at(0, 0, 0)), null);
assert.equal(milliseconds(0.0004), "0.40 ms");
assert.equal(milliseconds(0.087), "87.0 ms");
assert.equal(milliseconds(null), "");

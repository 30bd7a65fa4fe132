// A muster agent of the tests' own, on addresses of its own, and what it is asked and told.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = process.env.MUSTER;

// until waits for what a function gives to be true; what never comes is an error that says so.
export async function until(what, call, milliseconds = 15000) {
  for (const end = Date.now() + milliseconds; ; ) {
    const got = await call().catch(() => null);
    if (got) return got;
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Agent {
  // start runs a server in memory with the UI on.
  static async start(address, config = {}) {
    assert.ok(binary, "MUSTER must name the binary");
    const dir = await mkdtemp(join(tmpdir(), "muster-ui-"));
    await writeFile(join(dir, "agent.json"), JSON.stringify({ client_addr: address, bind_addr: address, log_level: "WARN", ...config }));
    const agent = new Agent();
    Object.assign(agent, { base: `http://${address}:8500`, dir, log: "" });
    agent.run();
    await until("the agent leads", async () => (await agent.get("/v1/status/leader")).includes(":"));
    return agent;
  }

  run() {
    this.process = spawn(binary, ["agent", "-dev", "-config-file", join(this.dir, "agent.json")]);
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (text) => { this.log += text; });
  }

  async kill() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGINT");
    await gone;
  }

  async stop() {
    await this.kill();
    await rm(this.dir, { recursive: true });
  }

  async ask(method, path, body) {
    const response = await fetch(this.base + path, { method, body: body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text;
  }

  put(path, body) { return this.ask("PUT", path, body); }

  async get(path) { return JSON.parse(await this.ask("GET", path)); }
}

// many registers services with instances, ten on each node, in transactions as large as they may be.
// A "big" one has as many again, without checks.
export async function many(agent, services, instances) {
  const ops = [];
  for (let n = 0; n < instances / 10; n++) {
    const node = `node-${String(n).padStart(4, "0")}`;
    ops.push({ Node: { Verb: "set", Node: { Node: node, Address: `10.${n >> 8}.${n & 255}.1` } } });
    for (let i = n * 10; i < n * 10 + 10; i++) {
      const name = `svc-${String(i % services).padStart(4, "0")}`;
      ops.push({ Service: { Verb: "set", Node: node, Service: { ID: `${name}-${i}`, Service: name, Port: 8000 + (i % 10), Tags: [`v${i % 3}`] } } });
      ops.push({ Service: { Verb: "set", Node: node, Service: { ID: `big-${i}`, Service: "big", Port: 9000 + (i % 10) } } });
      ops.push({ Check: { Verb: "set", Check: { Node: node, CheckID: `c-${i}`, Name: "alive", ServiceID: `${name}-${i}`, Status: i % 97 === 0 ? "critical" : "passing", Output: "" } } });
    }
  }
  for (let i = 0; i < ops.length; i += 62) await agent.put("/v1/txn", ops.slice(i, i + 62)); // two nodes with all that is on them
}

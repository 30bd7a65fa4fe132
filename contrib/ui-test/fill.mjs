// What the agent of the tests has in it: a small shop.

// config is the agent's own: services with checks of several kinds, one of which fails.
export function config(address) {
  const http = `http://${address}:8500`;
  return {
    node_name: "web1",
    services: [
      { id: "checkout-1", name: "checkout", tags: ["v2", "blue"], port: 8080, meta: { version: "2.4.1" }, weights: { passing: 3, warning: 1 },
        checks: [{ name: "liveness", http: `${http}/v1/health/live`, interval: "2s" }, { id: "beat", name: "orders flow", ttl: "1h", status: "passing", notes: "a heartbeat of the order queue" }] },
      { id: "checkout-2", name: "checkout", tags: ["v2", "green"], port: 8081, check: { name: "port answers", tcp: `${address}:1`, interval: "1s", timeout: "500ms" } },
      { id: "cart", name: "cart", tags: ["v1"], port: 7000, check: { name: "liveness", http: `${http}/v1/health/live`, interval: "2s" } },
      { id: "mail", name: "mail", port: 25, check: { id: "mail-queue", name: "queue", ttl: "1h", status: "warning" } },
    ],
  };
}

const nodes = [["db1", 0.0004], ["db2", 0.0031], ["edge-fra", 0.0120], ["edge-sgp", 0.0870]];

// fill adds nodes without agents, with services, coordinates, keys, and a session that holds a lock.
export async function fill(agent) {
  await Promise.all(nodes.map(async ([name, far], i) => {
    await agent.put("/v1/catalog/register", { Node: name, Address: `192.0.2.${i + 1}`, NodeMeta: { rack: `r${i + 1}` },
      Service: { ID: i < 2 ? `postgres-${i + 1}` : `proxy-${i - 1}`, Service: i < 2 ? "postgres" : "edge-proxy", Port: i < 2 ? 5432 : 443, Tags: i === 0 ? ["primary"] : i === 1 ? ["replica"] : [name.slice(5)] },
      Checks: [{ CheckID: "alive", Name: "alive", Status: "passing", Output: "answers", ServiceID: i < 2 ? `postgres-${i + 1}` : `proxy-${i - 1}` }] });
    await agent.put("/v1/coordinate/update", { Node: name, Coord: { Vec: [far, 0, 0, 0, 0, 0, 0, 0], Error: 0.1, Adjustment: 0, Height: 0.00005 } });
  }));
  // The only agent there is has nobody to ping, so it is told where it is as well.
  await agent.put("/v1/coordinate/update", { Node: "web1", Coord: { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 0.1, Adjustment: 0, Height: 0.00005 } });
  const keys = { "app/settings.json": '{\n  "currency": "EUR",\n  "free_shipping_from": 50\n}\n', "app/banner": "Winter sale <b>20 %</b>", "app/features/search": "on", "app/features/wallet": "off",
    "leader/cron": "web1", "odd key/ä?#%/..": "dots", "empty": "" };
  for (const [key, value] of Object.entries(keys)) await agent.put(`/v1/kv/${encodeURIComponent(key)}`, value);
  await agent.put("/v1/kv/app/logo.png", Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255));
  const { ID } = JSON.parse(await agent.put("/v1/session/create", { Name: "cron-leader", TTL: "600s" }));
  await agent.put(`/v1/kv/leader%2Fcron?acquire=${ID}`, "web1");
  await agent.put("/v1/session/create", { Name: "migration", Behavior: "delete" });
  return { session: ID };
}

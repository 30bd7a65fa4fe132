// The servers of the cluster, and the agent that is asked.

import { get, pause } from "./api.js";
import { badge, facts, h, redraw, table } from "./dom.js";

const every = 3000; // ms between looks at figures that no change tells of

export function clusterPage(app) {
  const stop = new AbortController();
  const body = h("div");
  let drawn = "";

  async function look() {
    const [self, raft, health] = await Promise.all([
      get("/v1/agent/self", stop.signal),
      get("/v1/operator/raft/configuration?stale", stop.signal),
      get("/v1/operator/autopilot/state", stop.signal).catch((error) => ({ trouble: error.message })),
    ]);
    const mark = JSON.stringify([self.Stats.raft, self.Stats.catalog, self.Stats.serf_lan, raft, health]);
    if (mark !== drawn) redraw(body, show(app, self, raft, health));
    drawn = mark;
  }
  (async () => {
    while (!stop.signal.aborted) {
      try {
        if (!document.hidden) await look();
        app.trouble("cluster", null);
      } catch (error) { if (!stop.signal.aborted) app.trouble("cluster", error); }
      await pause(every, stop.signal);
    }
  })();
  return { title: "Cluster", element: h("section", null, h("h1", null, "Cluster"), body), close: () => stop.abort(), update() {} };
}

function show(app, self, raft, health) {
  const { catalog = {}, raft: own = {}, consul = {}, serf_lan: lan = {}, runtime = {} } = self.Stats;
  const leader = raft.Servers.find((s) => s.Leader);
  const top = Math.max(...raft.Servers.map((s) => health.Servers?.[s.ID]?.LastIndex ?? s.LastIndex ?? 0));
  return [
    h("div", { class: "cards" },
      card("Leader", leader ? leader.Node : "none", leader ? leader.Address : "writes are refused", leader ? "passing" : "critical"),
      card("Servers", `${raft.Servers.length}`, health.trouble ?? `${health.FailureTolerance} may fail`, health.Healthy ? "passing" : "warning"),
      card("Catalog index", catalog.index, `here, on ${self.Config.NodeName}`),
      card("View age", catalog.age, "since it was last known to be current", catalog.ready === "true" ? "passing" : "warning"),
      card("Members", lan.alive, `alive; ${lan.failed} failed, ${lan.left} left`, lan.failed === "0" ? "passing" : "critical")),
    h("h2", null, "Raft peers"),
    table("Raft peers", ["Node", "Health", "Role", "Address", "Last contact", "Last index", "Behind", "Version"], raft.Servers.map((s) => {
      const at = health.Servers?.[s.ID];
      const index = at?.LastIndex ?? s.LastIndex;
      return [h("a", { href: app.link("nodes", s.Node) }, s.Node), at ? badge(at.Healthy ? "passing" : "critical", at.Healthy ? "healthy" : "unhealthy") : "",
        `${s.Leader ? "leader" : "follower"}${s.Voter ? "" : ", no vote"}`, s.Address, at?.LastContact ?? "", String(index ?? ""), String(top - (index ?? top)), at?.Version ?? ""];
    })),
    h("h2", null, "This agent"),
    facts([["Node", h("a", { href: app.link("nodes", self.Config.NodeName) }, self.Config.NodeName)], ["Datacenter", self.Config.Datacenter], ["Role", self.Config.Server ? "server" : "client"], ["Version", self.Config.Version],
      ["Raft state", own.state], ["Term", own.term], ["Commit index", own.commit_index], ["Applied index", own.applied_index], ["Last snapshot", own.last_snapshot_index],
      ["Disk stalled", own.disk_stalled], ["Datacenters", consul.known_datacenters], ["Up for", runtime.uptime], ["Go", runtime.version]]),
  ];
}

function card(title, value, text, status) {
  return h("div", { class: "card" }, h("h3", null, title), h("p", { class: "value" }, status && badge(status, ""), value ?? "–"), h("p", { class: "dim" }, text));
}

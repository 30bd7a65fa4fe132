// Checks with their outputs and what they went through.

import { find, get, path } from "./api.js";
import { badge, h, time } from "./dom.js";
import { order, statusOf } from "./health.js";

const mostTurns = 20;

// standings is what the agent itself knows of its checks, by id, when it is the one asked: outputs
// come to the catalog later than the status does.
export async function standings(app, node) {
  const self = await app.self();
  if (self.Config.NodeName.toLowerCase() !== node.toLowerCase()) return new Map();
  return new Map((await get("/v1/agent/checks/standing")).map((s) => [s.CheckID, s]));
}

// checkList shows checks, the worst first. open remembers which histories are open, over redraws;
// known are standings of them.
export function checkList(app, checks, open, known) {
  if (checks.length === 0) return h("p", { class: "empty" }, "No checks: it counts as passing.");
  const rows = checks.map((c) => ({ check: c, status: statusOf(c), name: c.Name || c.CheckID })).sort(order);
  return h("ul", { class: "checks" }, rows.map(({ check, status, name }) => {
    const now = known?.get(check.CheckID), output = now?.Status === check.Status ? now.Output : check.Output;
    return h("li", { class: `check ${status}` },
      h("p", { class: "line" }, badge(status), h("strong", null, name),
        h("span", { class: "dim" }, [check.Type, check.Interval && `every ${check.Interval}`, check.ServiceID ? "" : "of the node"].filter(Boolean).join(" · "))),
      output && h("pre", null, output),
      check.Notes && h("p", { class: "dim" }, check.Notes),
      now && h("p", { class: "dim" }, now.OrBefore ? "at least since " : "since ", time(now.Since)),
      history(app, check, open));
  }));
}

function history(app, check, open) {
  const body = h("div");
  const key = `${check.Node}/${check.CheckID}`;
  const box = h("details", { class: "history" }, h("summary", null, "History"), body);
  box.addEventListener("toggle", () => {
    if (!box.open) return void open.delete(key);
    open.add(key);
    turnsOf(app, check).then(([turns, none]) => body.replaceChildren(show(turns, none)), (error) => body.replaceChildren(error.message));
  });
  box.open = open.has(key);
  return box;
}

// turnsOf returns the last turns of a check, newest first, and what to say when there are none: those
// its agent remembers if that is the one asked, otherwise those this page has seen.
async function turnsOf(app, check) {
  const self = await app.self();
  if (self.Config.NodeName.toLowerCase() === check.Node.toLowerCase() && check.CheckID !== "serfHealth") {
    const known = await find(`${path("/v1/agent/check/", check.CheckID)}/history`);
    if (known) return [known.reverse(), "Its agent remembers no change."];
  }
  const seen = app.catalog.seen.filter((s) => s.node === check.Node && s.id === check.CheckID);
  return [seen, "No change since this page was opened. The agent on the node may know more."];
}

function show(turns, none) {
  if (turns.length === 0) return h("p", { class: "dim" }, none);
  return h("ol", { class: "turns" }, turns.slice(0, mostTurns).map((t) => h("li", null, time(t.At), " ", badge(t.From), " → ", badge(t.To), " ", h("span", { class: "dim" }, t.Reason))));
}

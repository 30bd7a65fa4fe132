// How the pages look: on a narrow screen, to who does not see them, and for the docs.

import assert from "node:assert/strict";
import { to } from "./pages.mjs";

export const places = { services: "#/services", service: "#/services/checkout", nodes: "#/nodes", node: "#/nodes/web1", kv: "#/kv/app/", key: "#/kv/app/settings.json",
  sessions: "#/sessions", dns: "#/query?name=checkout&type=SRV", cluster: "#/cluster" };

// settled waits until a page shows what it is there for.
async function settled(view) {
  await view.locator("main :is(table tbody tr:not(.space), .check, .facts, .card)").first().waitFor();
  await view.waitForLoadState("networkidle", { timeout: 1000 }).catch(() => {}); // the stream never idles; others do
}

// unnamed lists what can be used but has no name to be read out, and ids that stand twice.
function unnamed() {
  const named = (e) => e.textContent.trim() || e.getAttribute("aria-label") || [...e.labels ?? []].some((l) => l.textContent.trim());
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return [...[...document.querySelectorAll("a, button, input, select, textarea")].filter((e) => e.checkVisibility() && !named(e)).map((e) => e.outerHTML),
    ...ids.filter((id, i) => ids.indexOf(id) !== i), ...(document.querySelectorAll("h1").length === 1 ? [] : ["not one h1"])];
}

// history has a check turn a few times and opens what it went through.
async function history(view, agent) {
  for (const turn of ["fail/beat?note=no%20order%20for%2010%20minutes", "pass/beat?note=orders%20again", "fail/beat?note=the%20queue%20is%20not%20read"]) await agent.put(`/v1/agent/check/${turn}`);
  await view.getByRole("link", { name: "checkout-1" }).click();
  const check = view.locator(".check.critical", { hasText: "the queue is not read" });
  await check.locator("summary").click();
  await check.locator(".turns li").nth(2).waitFor();
}

export const steps = {
  async "every page fits 360 pixels and names what can be used"({ view, agent }) {
    await view.setViewportSize({ width: 360, height: 740 });
    for (const [name, hash] of Object.entries(places)) {
      await to(view, agent.base, hash);
      await settled(view);
      const wide = await view.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector("main").scrollWidth));
      assert.ok(wide <= 360, `${name} is ${wide} pixels wide`);
      assert.deepEqual(await view.evaluate(unnamed), [], name);
    }
    await view.setViewportSize({ width: 1280, height: 800 });
  },

  async "pictures for the docs"({ view, agent, shot }) {
    await view.setViewportSize({ width: 1120, height: 640 });
    for (const name of ["services", "service", "nodes", "sessions", "dns", "cluster"]) {
      await to(view, agent.base, places[name]);
      await settled(view);
      if (name === "service") await history(view, agent);
      await shot(name);
    }
    await agent.put("/v1/agent/check/pass/beat");
    await view.emulateMedia({ colorScheme: "dark" });
    await to(view, agent.base, "#/services/checkout");
    await view.locator(".check.critical pre").waitFor();
    await shot("dark");
    await view.setViewportSize({ width: 360, height: 640 });
    await to(view, agent.base, "#/services");
    await settled(view);
    await shot("narrow");
    await view.emulateMedia({ colorScheme: "light" });
    await view.setViewportSize({ width: 1280, height: 800 });
  },
};

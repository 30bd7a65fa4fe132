// A thousand services with ten thousand instances: how long it takes until they are there, to
// scroll, to filter, and to follow a change.

import assert from "node:assert/strict";
import { to } from "./pages.mjs";

// slowest is wide: the machine may be shared. What was measured is printed.
const slowest = 3000;

// frames scrolls a list from end to end in a second and gives the median and longest time between two frames.
function frames() {
  const list = document.querySelector(".rows");
  return new Promise((resolve) => {
    const took = [];
    let last = 0, n = 0;
    const next = (now) => {
      if (n > 0) took.push(now - last);
      last = now;
      list.scrollTop = (list.scrollHeight - list.clientHeight) * n / 60;
      if (n++ < 60) requestAnimationFrame(next);
      else resolve({ frames: [took.sort((a, b) => a - b)[30], took.at(-1)].map(Math.round), rows: list.querySelectorAll("tr[data-key]").length });
    };
    requestAnimationFrame(next);
  });
}

const timed = async (figures, name, call) => {
  const start = performance.now();
  await call();
  figures[name] = Math.round(performance.now() - start);
};

export const steps = {
  async "1,000 services with 10,000 instances"({ view, agent, figures }) {
    const key = (name) => view.locator(`tr[data-key="${name}"]`);
    await timed(figures, "1,000 services, 10,000 instances: shown after, ms", async () => {
      await to(view, agent.base, "#/services");
      await key("svc-0000").waitFor();
    });
    const scrolled = await view.evaluate(frames);
    [figures["scrolling 1,000 services: median frame, ms"], figures["scrolling 1,000 services: longest frame, ms"]] = scrolled.frames;
    assert.ok(scrolled.rows < 80, `${scrolled.rows} rows exist`);
    figures["filtering them: ms"] = await view.evaluate(() => {
      const box = document.getElementById("filter"), start = performance.now();
      box.value = "svc-07";
      box.dispatchEvent(new Event("input"));
      document.body.getBoundingClientRect();
      return Math.round(performance.now() - start);
    });
    assert.deepEqual(await view.locator("tr[data-key] a").evaluateAll((links) => [links.length > 10, links.filter((l) => !l.textContent.startsWith("svc-07")).length]), [true, 0]);
    await view.locator("#filter").fill("");
    await key("svc-0000").waitFor();
    const last = () => agent.put("/v1/catalog/register", { Node: "node-0100", SkipNodeUpdate: true, Address: "10.0.100.1", Check: { CheckID: "c-1000", Name: "alive", ServiceID: "svc-0000-1000", Status: "warning" } });
    const watched = await view.evaluate(() => {
      window.worstTask = 0;
      new PerformanceObserver((list) => { for (const e of list.getEntries()) window.worstTask = Math.max(window.worstTask, e.duration); }).observe({ type: "longtask" });
      return document.querySelector('tr[data-key="svc-0000"] .bar').getAttribute("aria-label");
    });
    assert.match(watched, /1 critical/);
    await timed(figures, "a change among them: seen after, ms", async () => {
      await last();
      await key("svc-0000").locator('.bar[aria-label*="warning"]').waitFor();
    });
    figures["a change among them: longest task, ms (0: under 50)"] = Math.round(await view.evaluate(() => window.worstTask));
  },

  async "10,000 instances of one service"({ view, agent, figures }) {
    await timed(figures, "a service with 10,000 instances: shown after, ms", async () => {
      await to(view, agent.base, "#/services/big");
      await view.locator("tr[data-key]").first().waitFor();
    });
    assert.match(await view.locator(".count").textContent(), /10000 of 10000/);
    const { frames: [median, longest], rows } = await view.evaluate(frames);
    Object.assign(figures, { "scrolling 10,000 instances: median frame, ms": median, "scrolling 10,000 instances: longest frame, ms": longest });
    assert.ok(rows < 80, `${rows} rows exist`);
    await view.keyboard.press("j");
    await view.keyboard.press("j");
    assert.ok(await view.evaluate(() => document.activeElement.closest("tr")));
  },
};

export function judge(figures) {
  for (const [name, value] of Object.entries(figures)) if (name.includes(", ms")) assert.ok(value < slowest, `${name} ${value}`);
}

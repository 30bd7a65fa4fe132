// A walk through the pages: what each shows of the shop, and that it is shown as it changes.

import assert from "node:assert/strict";

const row = (view, text) => view.locator("table.list tbody tr[data-key]", { has: view.getByRole("link", { name: text, exact: true }) });
const shownText = (view, text) => view.getByText(text).first().waitFor();

// to follows a deep link.
export async function to(view, base, hash) {
  await view.goto(`${base}/ui/${hash}`);
  await view.locator("#live[data-state=live]").waitFor();
}

export const steps = {
  async "services show what fails first, and filter"({ view, agent }) {
    await to(view, agent.base, "");
    await row(view, "checkout").waitFor();
    assert.equal(await view.locator("table.list tbody tr[data-key] a").first().textContent(), "checkout");
    assert.match(await row(view, "checkout").textContent(), /1 of 2/);
    assert.equal(await row(view, "checkout").locator(".bar").getAttribute("aria-label"), "1 passing, 1 critical");
    await view.keyboard.press("/");
    await view.keyboard.type("PRIM");
    await row(view, "checkout").waitFor({ state: "detached" });
    await row(view, "postgres").waitFor();
    assert.match(view.url(), /filter=PRIM/);
    await view.reload();
    await row(view, "postgres").waitFor();
    assert.equal(await view.locator("tr[data-key]").count(), 1);
    await to(view, agent.base, "#/services?failing=1");
    await view.reload();
    await row(view, "mail").waitFor();
    assert.equal(await view.locator("tr[data-key]").count(), 2);
  },

  async "keys move through lists and pages"({ view, agent }) {
    await to(view, agent.base, "#/nodes");
    await view.keyboard.press("1");
    await row(view, "cart").waitFor();
    for (const key of ["j", "j", "j", "k"]) await view.keyboard.press(key);
    assert.equal(await view.evaluate(() => document.activeElement.textContent), "mail");
    assert.notEqual(await view.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none");
    await view.keyboard.press("Enter");
    await view.locator("h1", { hasText: "mail" }).waitFor();
    await view.keyboard.press("u");
    await view.locator("h1", { hasText: /^Services$/ }).waitFor();
    await view.keyboard.press("?");
    await view.getByRole("dialog", { name: "Keys" }).waitFor();
    await view.keyboard.press("Escape");
    await view.getByRole("dialog").waitFor({ state: "detached" });
  },

  async "a service shows its instances, a failing check its output"({ view, agent }) {
    await to(view, agent.base, "#/services/checkout");
    await view.locator(".pane h2", { hasText: "checkout-2" }).waitFor();
    await view.locator(".pane .check.critical pre", { hasText: "connection refused" }).waitFor();
    await row(view, "checkout-1").click();
    await view.locator(".pane h2", { hasText: "checkout-1" }).waitFor();
    await shownText(view, "a heartbeat of the order queue");
    await shownText(view, "2.4.1");
    await shownText(view, "3 passing, 1 warning");
    assert.match(view.url(), /#\/services\/checkout\/web1\/checkout-1$/);
  },

  async "a check that turns is shown at once, with its history"({ view, agent, figures }) {
    await to(view, agent.base, "#/services/checkout/web1/checkout-1");
    await view.locator(".pane h2 .badge.passing").waitFor();
    const start = performance.now();
    await agent.put("/v1/agent/check/fail/beat?note=no%20order%20for%2010%20minutes");
    await view.locator(".pane h2 .badge.critical").waitFor();
    figures["a check's turn is seen after, ms"] = Math.round(performance.now() - start);
    const check = view.locator(".check", { hasText: "orders flow" });
    await check.locator("pre", { hasText: "no order for 10 minutes" }).waitFor();
    await check.locator("summary").click();
    await check.locator(".turns li", { hasText: "no order for 10 minutes" }).first().waitFor();
    await agent.put("/v1/agent/check/pass/beat?note=orders%20again");
    await view.locator(".pane h2 .badge.passing").waitFor();
    await check.locator(".turns li", { hasText: "orders again" }).first().waitFor();
  },

  async "a burst of changes costs few questions"({ view, agent, figures }) {
    await to(view, agent.base, "#/services");
    await row(view, "mail").waitFor();
    let asked = 0;
    const count = (r) => { asked += r.url().includes("/v1/") ? 1 : 0; };
    view.on("request", count);
    for (let i = 0; i < 60; i++) await agent.put(`/v1/agent/check/${["pass", "warn"][i % 2]}/mail-queue`);
    await agent.put("/v1/agent/check/fail/mail-queue");
    await row(view, "mail").locator(".badge.critical").waitFor();
    view.off("request", count);
    figures["questions asked for 61 changes"] = asked;
    assert.ok(asked <= 2, `${asked} questions`);
    await agent.put("/v1/agent/check/warn/mail-queue");
    await row(view, "mail").locator(".badge.warning").waitFor();
  },

  async "what others write stays text"({ view, agent }) {
    const evil = '<img src=x onerror="violated(1)"><script>violated(2)</script>';
    await agent.put("/v1/agent/check/update/mail-queue", { Status: "warning", Output: evil });
    await agent.put("/v1/catalog/register", { Node: "db1", Address: "192.0.2.1", SkipNodeUpdate: true, Service: { ID: "evil", Service: "evil", Tags: [evil], Meta: { note: evil } },
      Check: { Name: evil, CheckID: "evil", ServiceID: "evil", Status: "critical", Output: evil } });
    await to(view, agent.base, "#/services/evil");
    await view.locator(".pane pre", { hasText: evil }).waitFor();
    await view.locator(".pane .tag", { hasText: evil }).waitFor();
    await view.locator(".pane dd", { hasText: evil }).last().waitFor();
    await to(view, agent.base, "#/services/mail");
    await view.locator(".pane pre", { hasText: evil }).waitFor();
    await to(view, agent.base, `#/query?name=${encodeURIComponent(evil)}`);
    await view.locator("main .bad, main .reason").waitFor();
    assert.equal(await view.locator("main img, main script").count(), 0);
    await agent.put("/v1/catalog/deregister", { Node: "db1", ServiceID: "evil" });
    await agent.put("/v1/agent/check/update/mail-queue", { Status: "warning", Output: "1,204 messages wait" });
  },

  async "nodes show round trips and members"({ view, agent }) {
    await to(view, agent.base, "#/nodes");
    await row(view, "web1").locator(".badge.alive").waitFor();
    await row(view, "db2").getByText("3.20 ms").waitFor();
    assert.match(await row(view, "db2").textContent(), /no agent/);
    await view.getByLabel("Sort by").selectOption("rtt");
    assert.deepEqual(await view.locator("tr[data-key] a").allTextContents(), ["web1", "db1", "db2", "edge-fra", "edge-sgp"]);
    await row(view, "edge-fra").click();
    await view.locator("h1", { hasText: "edge-fra" }).waitFor();
    await shownText(view, "12.1 ms");
    await shownText(view, "r3");
    await view.getByRole("link", { name: "proxy-1" }).click();
    await view.locator(".pane h2", { hasText: "proxy-1" }).waitFor();
  },

  async "sessions show what they hold, and end"({ view, agent, session }) {
    await to(view, agent.base, "#/sessions");
    await row(view, "cron-leader").waitFor();
    await view.locator(".locks tbody tr", { hasText: "leader/cron" }).getByRole("link", { name: session }).click();
    await view.locator("tr [aria-current=true]", { hasText: "cron-leader" }).waitFor();
    await row(view, "migration").getByRole("button", { name: "End" }).click();
    await view.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await row(view, "migration").getByRole("button", { name: "End" }).click();
    await view.getByRole("dialog").getByRole("button", { name: "End session" }).click();
    await row(view, "migration").waitFor({ state: "detached" });
    await row(view, "cron-leader").waitFor();
  },

  async "DNS answers and says why"({ view, agent }) {
    await to(view, agent.base, "#/services/checkout");
    await view.getByRole("link", { name: "What does DNS answer?" }).click();
    await view.locator(".records", { hasText: "SRV 1 3 8080" }).waitFor();
    const out = view.locator("table.plain tr", { hasText: "checkout-2" });
    await out.locator(".badge", { hasText: "out" }).waitFor();
    await out.getByText("connection refused").waitFor();
    await view.locator("#filter").fill("nothing.service.consul");
    await view.getByRole("button", { name: "Ask" }).click();
    await view.getByText("NXDOMAIN").waitFor();
    await view.locator(".reason", { hasText: 'no service "nothing"' }).waitFor();
    await view.locator("#filter").fill("mail");
    await view.getByLabel("Type").selectOption("A");
    await view.locator(".records", { hasText: "mail.service.consul." }).waitFor();
    await agent.put("/v1/agent/check/fail/mail-queue");
    await view.locator(".reason").waitFor(); // by itself, as the check turned
    await agent.put("/v1/agent/check/update/mail-queue", { Status: "warning", Output: "1,204 messages wait" });
  },

  async "the cluster shows its leader, index and age"({ view, agent }) {
    await to(view, agent.base, "#/cluster");
    const card = (name) => view.locator(".card", { hasText: name });
    await card("Leader").getByText("web1").waitFor();
    assert.match(await card("View age").locator(".value").textContent(), /\d+(\.\d+)?m?s/);
    const before = Number(await card("Catalog index").locator(".value").textContent());
    await agent.put("/v1/kv/empty", "");
    await view.waitForFunction((n) => Number([...document.querySelectorAll(".card")].find((c) => c.textContent.includes("Catalog index")).querySelector(".value").textContent) > n, before);
    await view.locator("table.plain tr", { hasText: "web1" }).getByText("leader").waitFor();
  },

  async "dark mode follows the system, and the button"({ view, agent }) {
    await to(view, agent.base, "#/services");
    const light = () => view.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const day = await light();
    await view.emulateMedia({ colorScheme: "dark" });
    const night = await light();
    assert.notEqual(day, night);
    const button = view.getByRole("button", { name: /^Theme/ });
    await button.click();
    assert.equal(await light(), day);
    await button.click();
    await view.emulateMedia({ colorScheme: "light" });
    assert.equal(await light(), night);
    await view.reload();
    assert.equal(await light(), night);
    await button.click();
    assert.equal(await light(), day);
  },
};

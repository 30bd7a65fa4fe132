// An agent that refuses writes, and one that is gone for a while. The browser itself complains
// of such answers on the console; of anything else it must not.

import assert from "node:assert/strict";
import { to } from "./pages.mjs";

export const expected = /Failed to load resource|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/;

export const steps = {
  async "an agent that refuses writes makes the page read-only"({ view, agent }) {
    await view.route("**/v1/kv/**", (route) => (route.request().method() === "PUT" ? route.fulfill({ status: 403, body: "writes are refused here" }) : route.continue()));
    await to(view, agent.base, "#/kv/app/banner");
    await view.locator(".facts dt", { hasText: "Index" }).waitFor();
    await view.getByLabel("Value").fill("refused");
    await view.getByRole("button", { name: "Save" }).click();
    await view.locator("#notices", { hasText: "read-only" }).waitFor();
    await view.locator("#notices", { hasText: "writes are refused here (403)" }).waitFor();
    for (const name of ["Save", "Delete"]) assert.ok(await view.getByRole("button", { name, exact: true }).isDisabled());
    view.once("dialog", (dialog) => dialog.accept()); // what was written is not saved
    await view.getByRole("link", { name: "Sessions" }).click();
    assert.ok(await view.getByRole("button", { name: "End" }).first().isDisabled());
    await view.unrouteAll();
  },

  async "a page whose agent is gone says so, and goes on by itself"({ view, agent }) {
    await to(view, agent.base, "#/services");
    const mail = view.locator("tr[data-key=mail]");
    await mail.waitFor();
    await agent.kill();
    await view.locator("#live[data-state=lost]", { hasText: "not live" }).waitFor();
    await mail.waitFor(); // what was known is still there
    agent.run();
    await view.locator("#live[data-state=live]").waitFor({ timeout: 30000 });
    await view.locator("tr[data-key=postgres]").waitFor({ state: "detached" }); // it was in memory only
    await mail.waitFor();
  },

  async "trouble with keys is told of until it is over"({ view, agent }) {
    let broken = true;
    await view.route("**/v1/kv/**", (route) => (broken ? route.fulfill({ status: 500, body: "No cluster leader" }) : route.continue()));
    await to(view, agent.base, "#/kv/");
    const told = view.locator("#notices p", { hasText: "No cluster leader (500)" });
    await told.waitFor();
    await agent.put("/v1/kv/back", "again");
    broken = false;
    await view.getByRole("link", { name: "back" }).waitFor();
    await told.waitFor({ state: "detached" });
  },
};

// Keys: what is written is what was meant, and nothing is written over unseen.

import assert from "node:assert/strict";
import { to } from "./pages.mjs";

const stored = async (agent, key) => Buffer.from((await agent.get(`/v1/kv/${encodeURIComponent(key)}`))[0].Value ?? "", "base64").toString();
const said = (view, text) => view.locator("form.edit [role=status]", { hasText: text }).waitFor();
const loaded = (view) => view.locator(".facts dt", { hasText: "Index" }).waitFor();

export const steps = {
  async "keys are browsed by folder, as they come"({ view, agent }) {
    await to(view, agent.base, "#/kv/");
    await view.getByRole("link", { name: "app/" }).click();
    await view.getByRole("link", { name: "features/" }).waitFor();
    await agent.put("/v1/kv/app/new-here", "x");
    await view.getByRole("link", { name: "new-here" }).waitFor();
    await agent.ask("DELETE", "/v1/kv/app/new-here");
    await view.getByRole("link", { name: "new-here" }).waitFor({ state: "detached" });
    await view.keyboard.press("u");
    await view.getByRole("link", { name: "odd key/" }).click();
    await view.getByRole("link", { name: "ä?#%/" }).click();
    await view.getByRole("link", { name: ".." }).click();
    await loaded(view);
    assert.equal(await view.getByLabel("Value").inputValue(), "dots");
  },

  async "a key is changed"({ view, agent }) {
    await agent.put("/v1/kv/app/banner?flags=42", "Winter sale");
    await to(view, agent.base, "#/kv/app/banner");
    await loaded(view);
    await view.getByLabel("Value").fill("Spring sale ä 🎉\n");
    await view.getByRole("button", { name: "Save" }).click();
    await said(view, "Saved.");
    assert.equal(await stored(agent, "app/banner"), "Spring sale ä 🎉\n");
    assert.equal((await agent.get("/v1/kv/app/banner"))[0].Flags, 42);
    await agent.put("/v1/kv/app/banner?flags=42", "changed elsewhere");
    await view.waitForFunction(() => document.getElementById("value").value === "changed elsewhere"); // nobody was writing
  },

  async "a conflict shows both versions"({ view, agent, shot }) {
    await to(view, agent.base, "#/kv/app/settings.json");
    await loaded(view);
    const theirs = '{\n  "currency": "EUR",\n  "free_shipping_from": 35\n}\n', mine = '{\n  "currency": "EUR",\n  "free_shipping_from": 60\n}\n';
    await view.getByLabel("Value").fill(mine);
    await agent.put("/v1/kv/app/settings.json", theirs);
    await said(view, "changed by somebody else");
    await view.getByRole("button", { name: "Save" }).click();
    const versions = view.locator(".versions pre");
    await versions.first().waitFor();
    assert.deepEqual(await versions.allTextContents(), [mine, theirs]);
    assert.equal(await stored(agent, "app/settings.json"), theirs);
    await shot("kv-conflict");
    await view.getByRole("button", { name: "Take the stored one" }).click();
    assert.equal(await view.getByLabel("Value").inputValue(), theirs);
    await view.getByLabel("Value").fill(mine);
    await agent.put("/v1/kv/app/settings.json", `${theirs} `);
    await view.getByRole("button", { name: "Save" }).click();
    await view.getByRole("button", { name: "Write mine over it" }).click();
    await said(view, "Saved.");
    assert.equal(await stored(agent, "app/settings.json"), mine);
  },

  async "a key is made, but never over another, and deleted when that is confirmed"({ view, agent }) {
    await agent.put("/v1/kv/app/banner", "already here");
    await to(view, agent.base, "#/kv/app/");
    await view.getByRole("link", { name: "New key" }).click();
    await view.getByLabel("Key", { exact: true }).fill("app/banner");
    await view.getByLabel("Value").fill("mine");
    await view.getByRole("button", { name: "Create" }).click();
    await view.getByRole("heading", { name: "This key exists already" }).waitFor();
    assert.equal(await stored(agent, "app/banner"), "already here");
    await view.getByLabel("Key", { exact: true }).fill("app/fresh");
    await view.getByRole("button", { name: "Create" }).click();
    await view.locator("h1", { hasText: "fresh" }).waitFor();
    await loaded(view);
    assert.equal(await stored(agent, "app/fresh"), "mine");
    await view.getByRole("button", { name: "Delete" }).click();
    await view.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    assert.equal(await stored(agent, "app/fresh"), "mine");
    await view.getByRole("button", { name: "Delete" }).click();
    await view.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await view.getByRole("link", { name: "banner" }).waitFor();
    assert.ok(!(await agent.get("/v1/kv/app/?keys")).includes("app/fresh"));
  },

  async "bytes that are no text are kept"({ view, agent }) {
    const [before] = await agent.get("/v1/kv/app/logo.png");
    await to(view, agent.base, "#/kv/app/logo.png");
    await loaded(view);
    assert.equal(await view.getByLabel("as").inputValue(), "base64");
    await view.locator("pre.hex", { hasText: "000010  70 77 7e" }).waitFor();
    await view.getByRole("button", { name: "Save" }).click();
    await said(view, "Saved.");
    const [after] = await agent.get("/v1/kv/app/logo.png");
    assert.equal(after.Value, before.Value);
    await view.getByLabel("Value").fill("not base64!");
    await view.getByRole("button", { name: "Save" }).click();
    await view.locator("#notices", { hasText: "not Base64" }).waitFor();
    assert.equal((await agent.get("/v1/kv/app/logo.png"))[0].Value, before.Value);
    await view.getByLabel("Value").fill(before.Value);
    await view.getByRole("button", { name: "Save" }).click();
    await said(view, "Saved.");
  },
};

// One key: reading, writing with compare-and-set, deleting.

import { access, find, follow, write } from "./api.js";
import { confirm, facts, h, notice } from "./dom.js";
import { crumbs, parent } from "./kv.js";
import { base64Of, bytesOf, hexOf, textOf } from "./value.js";

const most = 512 * 1024; // bytes, as the agent takes

export function keyPage(app, key, fresh) {
  const form = new KeyForm(app, key, fresh), page = new AbortController();
  access.addEventListener("change", () => form.allow(), { signal: page.signal });
  form.follow();
  return { title: fresh ? "New key" : key, up: app.key(fresh ? key : parent(key)), element: form.element, close: () => { page.abort(); form.stop.abort(); }, update() {}, unsaved: () => form.dirty };
}

class KeyForm {
  row = null; // as stored when the text was filled in
  latest = null; // as stored now

  constructor(app, key, fresh) {
    Object.assign(this, { app, fresh, key, dirty: false });
    this.name = h("input", { id: "key", value: key, autocomplete: "off", spellcheck: "false", maxlength: "512" });
    this.text = h("textarea", { id: "value", rows: "12", spellcheck: "false", input: () => { this.dirty = true; this.status(""); } });
    this.mode = h("select", { id: "mode", change: () => this.turn() }, h("option", { value: "text" }, "Text"), h("option", { value: "base64" }, "Base64"));
    this.shown = "text";
    this.said = h("p", { role: "status", class: "dim" });
    this.about = h("div");
    this.hex = h("pre", { class: "hex", hidden: true, "aria-label": "Bytes" });
    this.conflict = h("div", { class: "conflict", role: "alert" });
    this.save = h("button", { type: "submit", class: "primary write" }, fresh ? "Create" : "Save");
    this.drop = h("button", { type: "button", class: "danger write", click: () => this.delete() }, "Delete");
    const heading = fresh ? "New key" : crumbs(app, key);
    this.element = h("section", null, h("h1", null, heading), this.about,
      h("form", { class: "edit", submit: (event) => { event.preventDefault(); this.store(this.row?.ModifyIndex ?? 0); } },
        fresh && h("label", { for: "key" }, "Key"), fresh && this.name,
        h("div", { class: "line" }, h("label", { for: "value" }, "Value"), h("label", null, "as ", this.mode)),
        this.text, this.hex,
        h("div", { class: "actions" }, this.save, fresh ? null : this.drop), this.said),
      this.conflict);
    this.allow();
  }

  follow() {
    this.stop = new AbortController();
    if (this.fresh) return;
    follow(this.path, this.stop.signal, (rows) => this.arrived(rows?.[0] ?? null), (error) => this.app.trouble("kv", error));
  }

  get path() { return `/v1/kv/${encodeURIComponent(this.fresh ? this.name.value : this.key)}`; }

  allow() { for (const b of [this.save, this.drop]) b.disabled = !access.writable; this.text.readOnly = !access.writable; }

  status(text) { this.said.textContent = text; }

  // arrived takes what the agent has. What somebody is writing is left alone.
  arrived(row) {
    this.latest = row;
    if (this.dirty && this.row?.ModifyIndex !== row?.ModifyIndex) return this.status("It was changed by somebody else meanwhile. Saving shows both versions.");
    if (!this.dirty && this.row?.ModifyIndex !== row?.ModifyIndex || !this.about.firstChild) this.fill(row);
  }

  fill(row) {
    this.row = row;
    this.dirty = false;
    const bytes = bytesOf(row?.Value), text = textOf(bytes);
    this.shown = this.mode.value = text === null ? "base64" : "text";
    this.mode.options[0].disabled = text === null;
    this.text.value = text ?? base64Of(bytes);
    this.hex.hidden = text !== null;
    this.hex.textContent = text === null ? hexOf(bytes) : "";
    this.drop.hidden = !row;
    this.about.replaceChildren(row ? facts([["Size", `${bytes.length} bytes${text === null ? ", not text" : ""}`], ["Index", String(row.ModifyIndex)], ["Created at", String(row.CreateIndex)],
      ["Flags", row.Flags ? String(row.Flags) : ""], ["Locked by", row.Session && h("a", { href: this.app.link("sessions", row.Session) }, row.Session)], ["Times locked", row.LockIndex ? String(row.LockIndex) : ""]])
      : h("p", { class: "empty" }, "There is no such key. Saving creates it."));
  }

  // bytes are what the text box stands for. Throws where it is no Base64.
  bytes(mode = this.shown) {
    if (mode === "text") return new TextEncoder().encode(this.text.value);
    try {
      return bytesOf(this.text.value);
    } catch {
      throw new Error("The value is not Base64.");
    }
  }

  turn() {
    try {
      const bytes = this.bytes(), text = textOf(bytes);
      if (this.mode.value === "text" && text === null) throw new Error("These bytes are not text that can be edited without changing them.");
      this.text.value = this.mode.value === "text" ? text : base64Of(bytes);
      this.shown = this.mode.value;
    } catch (error) {
      this.mode.value = this.shown;
      this.status(error.message);
    }
  }

  // store writes if the key is still at an index, 0: does not exist.
  async store(index) {
    try {
      const bytes = this.bytes();
      if (this.fresh && !this.name.value) throw new Error("Say which key.");
      if (bytes.length > most) throw new Error(`The value has ${bytes.length} bytes, the agent takes ${most}.`);
      const flags = (this.latest ?? this.row)?.Flags ?? 0;
      if (!await write("PUT", `${this.path}?cas=${index}&flags=${flags}`, bytes)) return await this.clash(bytes);
      this.conflict.replaceChildren();
      this.dirty = false;
      notice("kv", "");
      if (this.fresh) return this.app.go(this.app.key(this.name.value));
      this.fill((await find(this.path))?.[0] ?? null);
      this.status("Saved.");
    } catch (error) {
      this.status("");
      notice("kv", `Not saved: ${error.message}`);
    }
  }

  // clash shows what one wanted to write beside what stands there now.
  async clash(mine) {
    const now = (await find(this.path))?.[0] ?? null, theirs = bytesOf(now?.Value);
    this.latest = now;
    const show = (bytes) => h("pre", null, textOf(bytes) ?? hexOf(bytes));
    const keep = h("button", { type: "button", class: "danger write", click: () => this.store(now?.ModifyIndex ?? 0) }, "Write mine over it");
    this.conflict.replaceChildren(h("h2", null, this.fresh ? "This key exists already" : "Somebody else changed it meanwhile"), h("p", null, "Nothing was written. Choose which version stays."),
      h("div", { class: "versions" },
        h("div", null, h("h3", null, "Yours"), show(mine), keep),
        h("div", null, h("h3", null, now ? `Stored now, index ${now.ModifyIndex}` : "Deleted"), now ? show(theirs) : h("p", { class: "empty" }, "The key is gone."),
          h("button", { type: "button", click: () => { this.conflict.replaceChildren(); this.fill(now); this.status("The stored version was loaded."); } }, "Take the stored one"))));
    this.status("");
    keep.focus();
  }

  async delete() {
    const row = this.row;
    if (!await confirm("Delete this key?", this.key, "Delete")) return;
    this.stop.abort(); // that the key is gone is no news
    try {
      if (!await write("DELETE", `${this.path}?cas=${row.ModifyIndex}`)) {
        this.follow();
        return this.status("Not deleted: somebody else changed it meanwhile.");
      }
      this.dirty = false;
      this.app.go(this.app.key(parent(this.key)));
    } catch (error) {
      this.follow();
      notice("kv", `Not deleted: ${error.message}`);
    }
  }
}

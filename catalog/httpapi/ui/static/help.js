// What the keys do.

import { h } from "./dom.js";

const keys = [["/", "filter, or the name to ask for"], ["j k", "next and previous row"], ["Enter", "open the row"], ["u", "one level up"], ["1 … 6", "services, nodes, key/value, sessions, DNS, cluster"], ["Esc", "leave a box or a dialog"], ["?", "this"]];

export function helpDialog() {
  const box = h("dialog", { "aria-labelledby": "help-title" }, h("h2", { id: "help-title" }, "Keys"),
    h("dl", { class: "keys" }, keys.map(([key, text]) => h("div", null, h("dt", null, key.split(" ").map((k) => (k === "…" ? " … " : h("kbd", null, k)))), h("dd", null, text)))),
    h("div", { class: "actions" }, h("button", { type: "button", autofocus: true, click: () => box.close() }, "Close")));
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

// The filter above a list, kept in the address so that it can be linked to.

import { h } from "./dom.js";

// toolbar calls change when what is wanted changes: words, failing.
export function toolbar(app, route, { placeholder, failing, change }, ...more) {
  const words = h("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false", placeholder, value: route.query.get("filter") ?? "" });
  const box = failing && h("input", { type: "checkbox", id: "failing" });
  if (box) box.checked = route.query.has("failing");
  const count = h("span", { class: "count", role: "status" });
  const tools = {
    get words() { return words.value.trim(); },
    get failing() { return box ? box.checked : false; },
    say(text) { if (count.textContent !== text) count.textContent = text; },
    element: h("form", { class: "tools", role: "search", submit: (event) => event.preventDefault() },
      h("label", { class: "filter" }, h("span", { class: "hidden" }, "Filter"), words, h("kbd", { "aria-hidden": "true" }, "/")),
      box && h("label", null, box, " ", failing), count, more),
  };
  const changed = () => {
    app.keep({ filter: tools.words, failing: tools.failing ? "1" : "" });
    app.top();
    change();
  };
  words.addEventListener("input", changed);
  box?.addEventListener("change", changed);
  return tools;
}

// The list of services.

import { badge, h, tags } from "./dom.js";
import { matches, order } from "./health.js";
import { List } from "./list.js";
import { toolbar } from "./toolbar.js";

export function servicesPage(app, route) {
  const list = new List({
    label: "Services", empty: "No service matches.", key: (s) => s.name,
    columns: [{ title: "Service" }, { title: "Health", class: "health" }, { title: "Instances", class: "number" }, { title: "Tags", class: "wide" }],
    cells: (s) => [
      [badge(s.status, ""), h("a", { href: app.link("services", s.name) }, s.name)],
      bar(s),
      `${s.counts.passing} of ${s.instances.length}`,
      tags([...s.tags].slice(0, 8)),
    ],
  });
  const tools = toolbar(app, route, { placeholder: "name or tag", failing: "Failing only", change: show });
  function show() {
    const all = [...app.catalog.services().values()];
    const wanted = all.filter((s) => (!tools.failing || s.status !== "passing") && matches(tools.words, [s.name, ...s.tags])).sort(order);
    tools.say(`${wanted.length} of ${all.length} services, ${all.filter((s) => s.status !== "passing").length} failing`);
    list.set(wanted);
  }
  show();
  return { title: "Services", element: h("section", { class: "fill" }, h("h1", null, "Services"), tools.element, list.element), update: show, close: () => list.close(), list };
}

// bar shows how many instances have which status, by width and in words.
export function bar({ counts }) {
  const present = Object.entries(counts).filter(([, n]) => n > 0);
  const box = h("span", { class: "bar", role: "img", "aria-label": present.map(([status, n]) => `${n} ${status}`).join(", "), title: present.map(([status, n]) => `${n} ${status}`).join(", ") },
    present.map(([status]) => h("span", { class: status })));
  present.forEach(([, n], i) => { box.children[i].style.flexGrow = n; });
  return box;
}

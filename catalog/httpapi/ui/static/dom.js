// Making elements. Text is set as text, never as HTML: others write these names and outputs.

// h makes an element. Properties: "class", functions as listeners ("click"), the rest as attributes;
// null and false are left out. Children are elements, texts or lists of them.
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

const signs = { passing: "✓", warning: "!", critical: "✕", maintenance: "‖", alive: "✓", failed: "✕", left: "–" };

// badge shows a status by word, sign and colour.
export function badge(status, text) {
  return h("span", { class: `badge ${/^[a-z]+$/.test(status) ? status : ""}` }, h("span", { "aria-hidden": "true" }, signs[status] ?? "·"), text ?? status);
}

export function tags(list) {
  return list.map((t) => h("span", { class: "tag" }, t));
}

// facts is a list of names and what they stand for; those without are left out.
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

// time shows a moment with how long ago it was.
export function time(at) {
  const then = new Date(at);
  return h("time", { datetime: then.toISOString(), title: then.toISOString() }, then.toLocaleTimeString());
}

// table is a plain table for few rows.
export function table(caption, titles, rows) {
  return h("div", { class: "scroll" }, h("table", { class: "plain" },
    h("caption", { class: "hidden" }, caption),
    h("thead", null, h("tr", null, titles.map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", null, rows.map((cells) => h("tr", null, cells.map((c) => h("td", null, c)))))));
}

// notice says something that must be noticed, until it is closed or the same topic is told of anew.
export function notice(topic, text) {
  const box = document.getElementById("notices");
  for (const old of box.children) if (old.dataset.topic === topic) old.remove();
  if (!text) return;
  const line = h("p", { "data-topic": topic }, text, h("button", { type: "button", class: "quiet", "aria-label": "Close", click: () => line.remove() }, "✕"));
  box.append(line);
}

// confirm asks before something that cannot be undone.
export function confirm(title, text, verb) {
  return new Promise((resolve) => {
    const box = h("dialog", { "aria-labelledby": "confirm-title" },
      h("h2", { id: "confirm-title" }, title), h("p", null, text),
      h("div", { class: "actions" },
        h("button", { type: "button", autofocus: true, click: () => box.close() }, "Cancel"),
        h("button", { type: "button", class: "danger", click: () => box.close("yes") }, verb)));
    box.addEventListener("close", () => { box.remove(); resolve(box.returnValue === "yes"); });
    document.body.append(box);
    box.showModal();
  });
}

// together calls at most once in a while, after things have happened; the last is never lost.
export function together(milliseconds, call) {
  let timer = 0;
  const later = () => {
    if (!timer) timer = setTimeout(() => { timer = 0; call(); }, milliseconds);
  };
  later.stop = () => { clearTimeout(timer); timer = 0; };
  return later;
}

// redraw replaces what a box holds and leaves the focus on the same of its links, buttons and folds.
export function redraw(box, ...children) {
  const focusable = () => [...box.querySelectorAll("a, button, summary, input, select")];
  const at = focusable().indexOf(document.activeElement);
  box.replaceChildren(...children.flat(3).filter((c) => c !== null && c !== undefined && c !== false));
  if (at >= 0) focusable()[at]?.focus({ preventScroll: true });
}

// The page: where one is, keys, theme, and whether what is shown is live.

import { access, get } from "./api.js";
import { Catalog } from "./catalog.js";
import { clusterPage } from "./cluster.js";
import { h, notice } from "./dom.js";
import { helpDialog } from "./help.js";
import { kvPage } from "./kv.js";
import { nodePage, nodesPage } from "./nodes.js";
import { queryPage } from "./query.js";
import { servicePage } from "./service.js";
import { servicesPage } from "./services.js";
import { sessionsPage } from "./sessions.js";
import { theme } from "./theme.js";

const catalog = new Catalog();
const main = document.getElementById("main"), live = document.getElementById("live"), nav = document.getElementById("nav");
const pages = { services: (app, r) => (r.parts.length ? servicePage : servicesPage)(app, r), nodes: (app, r) => (r.parts.length ? nodePage : nodesPage)(app, r),
  kv: kvPage, sessions: sessionsPage, query: queryPage, cluster: clusterPage };
const names = Object.keys(pages);
let current = null, at = "", ready = false, self = null;

// app is what pages may ask of the whole.
const app = {
  catalog,
  link: (page, ...parts) => `#/${[page, ...parts.map(encodeURIComponent)].join("/")}`,
  key: (key) => `#/kv/${key.split("/").map(encodeURIComponent).join("/")}`,
  // wanted is the part of the address that keep wrote, for links that stay on the page.
  wanted: () => location.hash.match(/\?.*/)?.[0] ?? "",
  top: () => current?.list?.element.scrollTo(0, 0),
  go: (hash) => { location.hash = hash; },
  // self is the agent's word about itself, asked once.
  self() {
    self ??= get("/v1/agent/self").catch((error) => { self = null; throw error; });
    return self;
  },
  // keep writes what is wanted into the address, without a step in the history.
  keep(wanted) {
    const [path] = (location.hash || "#/services").split("?");
    const query = new URLSearchParams(Object.entries(wanted).filter(([, v]) => v)).toString();
    at = query ? `${path}?${query}` : path;
    history.replaceState(null, "", at);
  },
  // trouble says that something could not be asked, null that it can.
  trouble: (topic, error) => notice(topic, error ? `The agent did not tell: ${error.message}` : ""),
};

function routeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, ...parts] = path.split("/");
  let decoded = parts;
  try { decoded = parts.map(decodeURIComponent); } catch { /* a hand-made address: taken as it is written */ }
  if (page !== "kv") decoded = decoded.filter(Boolean);
  return { page: pages[page] ? page : "services", parts: decoded, query: new URLSearchParams(query) };
}

function show() {
  const hash = location.hash || "#/services";
  if (!ready || hash === at) return;
  if (current?.unsaved?.() && !window.confirm("What you wrote is not saved. Leave all the same?")) return void history.replaceState(null, "", at);
  at = hash;
  current?.close();
  const route = routeOf(hash);
  const scroll = current?.list?.element.scrollTop, row = document.activeElement?.closest?.("tr[data-key]")?.dataset.key, before = main.dataset.place, place = `${route.page}/${route.page === "services" && route.parts.length ? route.parts[0] : ""}`;
  current = pages[route.page](app, route);
  main.dataset.place = place;
  main.replaceChildren(current.element);
  current.update({ all: true, nodes: new Set(), services: new Set() });
  if (before === place && current.list) current.list.resume(scroll, row);
  document.title = `${current.title} · muster`;
  for (const link of nav.children) {
    if (link.dataset.page === route.page) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    else link.removeAttribute("aria-current");
  }
}

const states = { live: "live", wait: "connecting", lost: "not live" };
catalog.addEventListener("state", () => {
  live.dataset.state = catalog.state;
  live.textContent = states[catalog.state];
  live.title = catalog.state === "lost" ? "The agent does not answer. What you see may be old; it is tried again." : `Changes are shown as they come. Index ${catalog.index}.`;
  document.body.classList.toggle("old", catalog.state === "lost");
});
catalog.addEventListener("change", ({ detail }) => {
  if (ready) return current.update(detail);
  ready = true;
  show();
});
access.addEventListener("change", () => {
  document.body.classList.toggle("readonly", !access.writable);
  notice("writes", access.writable ? "" : "This agent refuses writes: the page is read-only from here on.");
});

const help = document.getElementById("help");
help.addEventListener("click", helpDialog);
theme(document.getElementById("theme"));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    return;
  }
  const act = { "/": () => document.getElementById("filter")?.focus(), "?": helpDialog, j: () => current?.list?.move(1), k: () => current?.list?.move(-1),
    u: () => current?.up && app.go(current.up) }[event.key]
    ?? (names[Number(event.key) - 1] && (() => app.go(`#/${names[Number(event.key) - 1]}${event.key === "3" ? "/" : ""}`)));
  if (!act) return;
  event.preventDefault();
  act();
});

addEventListener("hashchange", show);
addEventListener("beforeunload", (event) => { if (current?.unsaved?.()) event.preventDefault(); });
app.self().then(({ Config }) => document.getElementById("where").replaceChildren(h("strong", null, Config.Datacenter), ` · ${Config.NodeName}`), (error) => app.trouble("self", error));
catalog.start();

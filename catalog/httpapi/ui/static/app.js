import { instanceOf, order, worst } from "./health.js";

// mostShown bounds how many services are asked about each time something changes.
const mostShown = 200;
// asking is how many questions are open at once; browsers allow six connections to a host.
const asking = 4;

const page = Object.fromEntries(["state", "tools", "name", "failing", "services", "note"].map((id) => [id, document.getElementById(id)]));
const open = new Set(); // names of services whose instances are shown
let services = {}; // name to tags
let entries = new Map(); // name to instances

async function get(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status} ${(await response.text()).slice(0, 200)}`);
  return { value: await response.json(), index: response.headers.get("X-Consul-Index") };
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text; // never as HTML: others write these names
  return e;
}

function wanted() {
  const part = page.name.value.trim().toLowerCase();
  return Object.keys(services).filter((name) => name.toLowerCase().includes(part)).sort();
}

// load asks for the instances of the services that may be shown.
async function load() {
  const names = wanted().slice(0, mostShown);
  const next = new Map();
  const one = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const { value } = await get(`/v1/health/service/${encodeURIComponent(name)}?stale`);
      next.set(name, value.map(instanceOf));
    }
  };
  await Promise.all(Array.from({ length: asking }, one));
  entries = next;
}

function badge(status) {
  return element("span", `status ${status}`, status);
}

function instanceRow(instance) {
  const row = element("tr");
  const status = element("td");
  status.append(badge(instance.status));
  const checks = element("td");
  for (const c of instance.checks) {
    const check = element("details");
    const line = element("summary", "", `${c.name} `);
    line.append(badge(c.status));
    check.append(line, element("pre", "", c.text));
    checks.append(check);
  }
  row.append(status, element("td", "", instance.id), element("td", "", instance.node), element("td", "", instance.address), checks);
  return row;
}

function serviceItem(service) {
  const details = element("details");
  details.open = open.has(service.name);
  details.addEventListener("toggle", () => (details.open ? open.add(service.name) : open.delete(service.name)));
  const line = element("summary");
  line.append(badge(service.status), element("strong", "", service.name),
    element("span", "count", `${service.instances.filter((i) => i.status === "passing").length} of ${service.instances.length} passing`),
    element("span", "tags", services[service.name]?.join(", ")));
  const table = element("table");
  const head = element("tr");
  head.append(...["Status", "Instance", "Node", "Address", "Checks"].map((t) => element("th", "", t)));
  table.append(head, ...service.instances.map(instanceRow));
  details.append(line, table);
  const item = element("li");
  item.append(details);
  return item;
}

function show() {
  const rows = [...entries].map(([name, instances]) => ({ name, instances, status: worst(instances.map((i) => i.status)) }));
  const shown = rows.filter((s) => s.instances.length > 0 && (!page.failing.checked || s.status !== "passing")).sort(order);
  page.services.replaceChildren(...shown.map(serviceItem));
  const more = wanted().length - mostShown;
  page.note.textContent = more > 0 ? `${more} more services; narrow them down by name.` : shown.length === 0 ? "No service matches." : "";
}

async function refresh() {
  services = (await get("/v1/catalog/services?stale")).value;
  await load();
  show();
  page.state.textContent = `${Object.keys(services).length} services, as of ${new Date().toLocaleTimeString()}`;
  page.state.className = "";
}

// follow refreshes the page whenever a path's answer changes. Services without
// checks change none, so both lists are followed.
async function follow(path) {
  let index = "";
  for (;;) {
    try {
      const answer = await get(`${path}?stale&wait=60s${index && `&index=${index}`}`);
      if (answer.index !== index) await refresh();
      index = answer.index;
      await pause(250); // a storm of changes is shown a few times a second
    } catch (error) {
      index = "";
      page.state.textContent = `Trouble with the agent: ${error.message}. Trying again…`;
      page.state.className = "lost";
      await pause(3000);
    }
  }
}

page.tools.addEventListener("submit", (event) => event.preventDefault());
page.failing.addEventListener("change", show);
let typing = 0;
page.name.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => load().then(show, () => {}), 200); // follow tells of failures
});

follow("/v1/health/state/any");
follow("/v1/catalog/services");

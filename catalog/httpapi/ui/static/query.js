// What DNS answers to a question, and why.

import { get } from "./api.js";
import { badge, facts, h, redraw, table, together } from "./dom.js";
import { address } from "./health.js";

const types = ["A", "AAAA", "SRV", "TXT", "ANY", "CNAME", "NS", "SOA", "PTR"];

export function queryPage(app, route) {
  const name = h("input", { id: "filter", value: route.query.get("name") ?? "", placeholder: "web, tag.web.service.consul, node1.node.consul …", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const type = h("select", { id: "type" }, types.map((t) => h("option", { value: t }, t)));
  type.value = types.includes(route.query.get("type")) ? route.query.get("type") : "A";
  const tcp = h("input", { type: "checkbox", id: "tcp" });
  tcp.checked = route.query.has("tcp");
  const body = h("div", { "aria-live": "polite" });
  let about = null; // names of services and nodes that the last answer was made of
  let asked = 0;

  async function ask() {
    const mine = ++asked;
    if (!name.value.trim()) return void body.replaceChildren(h("p", { class: "empty" }, "One word is a service. Names that DNS would ask for are taken as they are."));
    const query = new URLSearchParams({ name: name.value.trim(), type: type.value, ...(tcp.checked && { tcp: "" }) });
    try {
      const e = await get(`/v1/dns/explain?${query}`);
      if (mine !== asked) return;
      about = { services: new Set(e.Names.map((n) => n.Service.toLowerCase())), nodes: new Set(e.Names.flatMap((n) => [n.Node, ...n.Considered.map((i) => i.Node)]).map((n) => n.toLowerCase())) };
      redraw(body, explanation(app, e));
    } catch (error) {
      if (mine === asked) redraw(body, h("p", { class: "bad", role: "alert" }, error.message));
    }
  }
  const again = together(500, ask);
  const submit = (event) => {
    event?.preventDefault();
    app.keep({ name: name.value.trim(), type: type.value, tcp: tcp.checked ? "1" : "" });
    ask();
  };
  type.addEventListener("change", submit);
  tcp.addEventListener("change", submit);
  ask();
  return {
    title: "DNS", close: () => { asked++; again.stop(); },
    element: h("section", null, h("h1", null, "What does DNS answer?"),
      h("form", { class: "tools ask", submit }, h("label", { class: "filter" }, h("span", { class: "hidden" }, "Name"), name, h("kbd", { "aria-hidden": "true" }, "/")),
        h("label", null, "Type ", type), h("label", null, tcp, " over TCP"), h("button", { type: "submit", class: "primary" }, "Ask")), body),
    update(detail) {
      if (detail.all || about && [...about.services].some((s) => detail.services.has(s)) || about && [...about.nodes].some((n) => detail.nodes.has(n))) again();
    },
  };
}

function explanation(app, e) {
  const sections = [["Answer", e.Answer], ["Authority", e.Authority], ["Additional", e.Additional]].filter(([, records]) => records.length);
  return [
    h("p", { class: "line" }, badge(e.Rcode === "NOERROR" && !e.Reason ? "passing" : "warning", e.Rcode), h("strong", null, `${e.Name} ${e.Type}`), e.Stale && badge("warning", "stale view")),
    e.Reason && h("p", { class: "reason" }, e.Reason, h("span", { class: "dim" }, ` (extended DNS error ${e.ErrorCode})`)),
    sections.map(([title, records]) => [h("h3", null, title), h("pre", { class: "records" }, records.join("\n"))]),
    e.Names.map((n) => looked(app, n)),
    e.Recursors.length > 0 && h("p", null, `The rest is asked of ${e.Recursors.join(", ")}.`),
    h("p", { class: "dim" }, `${e.Message.Size} of ${e.Message.Limit} bytes, ${e.Message.Sent} ${e.Message.Sent === 1 ? "record" : "records"} sent${e.Message.Truncated ? ", truncated" : ""}; answered by ${e.Agent.Node} from index ${e.Agent.Index}, ${e.Agent.Age} old.`),
  ];
}

function looked(app, n) {
  const rows = n.Considered.map((i) => [
    i.In ? badge("passing", "in") : badge("critical", "out"),
    i.ID ? h("a", { href: app.link("services", i.Service, i.Node, i.ID) }, i.ID) : h("a", { href: app.link("nodes", i.Node) }, i.Node),
    i.Node, address(i.Addresses[0] ?? "", i.Port), i.Weight === null ? "" : String(i.Weight),
    [i.Why, i.GuardWhy, i.RTT && `${i.RTT} away`].filter(Boolean).join("; "),
    i.Checks.filter((c) => c.Against).map((c) => h("p", { class: "against" }, badge(c.Status), " ", c.Name, c.Output && h("span", { class: "dim" }, ` ${c.Output}`))),
  ]);
  return h("div", { class: "looked" },
    h("h3", null, n.Name), facts([["Read as", n.ReadAs || n.Form], ["Zone", n.Zone], ["TTL", n.TTL.map((t) => `${t.Seconds} s: ${t.From}`).join(", ")],
      ["Order", n.Near && `by the distance from ${n.Near}`], ["Limit", n.Of ? `${n.Kept} of ${n.Of} records` : ""],
      ["Local", n.LocalOf ? `${n.LocalKept} of ${n.LocalOf} in ${n.LocalWithin}` : ""], ["Brake", n.Brake ? `holds: ${n.Brake.Failed} of ${n.Brake.Of} failed` : ""]]),
    rows.length > 0 && table(`Considered for ${n.Name}`, ["", n.Considered[0].ID ? "Instance" : "Node", "On", "Address", "Weight", "Why", "Against it"], rows.slice(0, 300)),
    rows.length > 300 && h("p", { class: "dim" }, `${rows.length - 300} more were considered.`));
}

// What the page knows about health, apart from the page itself.

const ranks = ["passing", "warning", "critical", "maintenance"];

// statusOf returns the status of one check. Maintenance is a critical check of a known name.
export function statusOf(check) {
  const maintenance = check.CheckID === "_node_maintenance" || check.CheckID.startsWith("_service_maintenance:");
  return maintenance ? "maintenance" : check.Status;
}

// worst returns the worst of statuses, passing when there are none.
export function worst(statuses) {
  return statuses.reduce((a, b) => (ranks.indexOf(b) > ranks.indexOf(a) ? b : a), "passing");
}

// instanceOf turns an entry of /v1/health/service into what a row shows.
export function instanceOf(entry) {
  const address = entry.Service.Address || entry.Node.Address;
  const host = address.includes(":") ? `[${address}]` : address;
  return {
    status: worst(entry.Checks.map(statusOf)),
    id: entry.Service.ID,
    node: entry.Node.Node,
    address: entry.Service.Port ? `${host}:${entry.Service.Port}` : address,
    checks: entry.Checks.map((c) => ({ status: statusOf(c), name: c.Name || c.CheckID, text: c.Output || c.Notes })),
  };
}

// order puts the worst first and names in order.
export function order(a, b) {
  return ranks.indexOf(b.status) - ranks.indexOf(a.status) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

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

// order puts the worst first and names in order.
export function order(a, b) {
  return ranks.indexOf(b.status) - ranks.indexOf(a.status) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

// address puts a host and a port together; a port of 0 is none.
export function address(host, port) {
  if (!port) return host;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

// matches tells whether each word stands in one of the texts.
export function matches(words, texts) {
  const all = texts.map((t) => t.toLowerCase());
  return words.toLowerCase().split(/\s+/).every((w) => all.some((t) => t.includes(w)));
}

// roundTrip estimates the time between two coordinates in seconds, as the agents do.
export function roundTrip(a, b) {
  if (!a || !b || a.Vec.length !== b.Vec.length) return null;
  const distance = Math.hypot(...a.Vec.map((v, i) => v - b.Vec[i])) + a.Height + b.Height;
  const adjusted = distance + a.Adjustment + b.Adjustment;
  return adjusted > 0 ? adjusted : distance;
}

// milliseconds writes seconds for people.
export function milliseconds(seconds) {
  return seconds === null ? "" : `${(seconds * 1000).toFixed(seconds < 0.01 ? 2 : 1)} ms`;
}

// What the page asks of its agent.

// writable tells whether the agent takes writes; false once it has refused one.
export const access = new EventTarget();
access.writable = true;

// Refused is an answer with a status that is not a success.
export class Refused extends Error {
  constructor(status, text) {
    super(text ? `${text} (${status})` : `status ${status}`);
    this.status = status;
  }
}

async function ask(path, options) {
  const response = await fetch(path, options);
  if (!response.ok) throw new Refused(response.status, (await response.text()).slice(0, 300).trim());
  return response;
}

// get returns what stands at a path, as JSON.
export async function get(path, signal) {
  return (await ask(path, { signal })).json();
}

// find is get that answers null where nothing stands.
export async function find(path, signal) {
  try {
    return await get(path, signal);
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
}

// write sends a body. An agent that refuses writes as such makes the page read-only.
export async function write(method, path, body) {
  try {
    return await (await ask(path, { method, body })).json();
  } catch (error) {
    if ([401, 403, 405].includes(error.status)) {
      access.writable = false;
      access.dispatchEvent(new Event("change"));
    }
    throw error;
  }
}

// path puts names together to a path, each as one segment. Dots and slashes in a name stay in it.
export function path(prefix, ...names) {
  return prefix + names.map(encodeURIComponent).join("/");
}

export function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

// follow tells of a path's answer now and whenever it changes (null: nothing stands
// there), one question at a time, until the signal. While the page is hidden it asks nothing. fail
// is told of trouble, and of its end by null.
export async function follow(where, signal, tell, fail) {
  let index = 0, failed = false;
  while (!signal.aborted) {
    try {
      await shown(signal);
      const url = index ? `${where}${where.includes("?") ? "&" : "?"}index=${index}&wait=55s` : where;
      const response = await fetch(url, { signal });
      if (!response.ok && response.status !== 404) throw new Refused(response.status, (await response.text()).slice(0, 300).trim());
      const next = Number(response.headers.get("X-Consul-Index")) || 0;
      const value = response.ok ? await response.json() : null;
      if (failed) fail(null);
      failed = false;
      if (next !== index || !next) tell(value);
      index = next;
      await pause(next ? 100 : 5000, signal);
    } catch (error) {
      if (signal.aborted) return;
      index = 0;
      failed = true;
      fail(error);
      await pause(3000, signal);
    }
  }
}

function shown(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true, signal });
    signal.addEventListener("abort", resolve, { once: true });
  });
}

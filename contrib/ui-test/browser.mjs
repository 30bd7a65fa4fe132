// Chromium, with all that a page complains of.

import { chromium } from "playwright-core";

export async function open() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  // The sandbox needs rights that containers, and root, do not have; the pages are our own.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

// page opens a window. complaints collects console errors, what scripts throw and violations of the policy.
export async function page(browser, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(15000);
  const view = await context.newPage();
  const complaints = [];
  view.on("console", (m) => { if (["error", "warning"].includes(m.type())) complaints.push(`${m.type()}: ${m.text()}`); });
  view.on("pageerror", (error) => complaints.push(`thrown: ${error.stack}`));
  await view.exposeFunction("violated", (text) => { complaints.push(`policy: ${text}`); });
  await view.addInitScript(() => document.addEventListener("securitypolicyviolation", (e) => window.violated(`${e.violatedDirective} ${e.blockedURI}`)));
  return { view, complaints, close: () => context.close() };
}

// Runs all steps in order against agents of their own. MUSTER names the binary; SHOTS=1 renews the
// pictures in contrib/docs/ui; ONLY=WORDS runs the steps whose names have them.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Agent, many } from "./agent.mjs";
import { open, page } from "./browser.mjs";
import { config, fill } from "./fill.mjs";
import { steps as keys } from "./kv.mjs";
import { steps as layout } from "./layout.mjs";
import { steps as pages } from "./pages.mjs";
import { judge, steps as scale } from "./scale.mjs";
import { expected, steps as trouble } from "./trouble.mjs";

const pictures = fileURLToPath(new URL(process.env.SHOTS ? "../docs/ui/" : "out/", import.meta.url));
const figures = {};
let failed = 0;

async function run(browser, steps, context, tolerated) {
  for (const [name, step] of Object.entries(steps).filter(([n]) => n.includes(process.env.ONLY ?? ""))) {
    const start = performance.now();
    const { view, complaints, close } = await page(browser);
    const shot = (file) => view.screenshot({ path: `${pictures}${file}.png` });
    try {
      await step({ view, shot, figures, ...context });
      const left = complaints.filter((c) => !tolerated?.test(c));
      if (left.length) throw new Error(`the browser complains:\n${left.join("\n")}`);
      console.log(`ok: ${name} (${Math.round(performance.now() - start)} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAIL: ${name}\n${error.stack}\n${complaints.join("\n")}`);
      await view.screenshot({ path: fileURLToPath(new URL(`out/failed-${failed}.png`, import.meta.url)) }).catch(() => {}); // the failure itself is told above
    } finally {
      await close();
    }
  }
}

await mkdir(pictures, { recursive: true });
await mkdir(fileURLToPath(new URL("out/", import.meta.url)), { recursive: true });
const agents = [];
const browser = await open();
try {
  const agent = await Agent.start("127.61.7.1", config("127.61.7.1"));
  agents.push(agent);
  const { session } = await fill(agent);
  await run(browser, layout, { agent });
  await run(browser, pages, { agent, session });
  await run(browser, keys, { agent });
  await run(browser, trouble, { agent }, expected);
  const large = await Agent.start("127.61.7.2");
  agents.push(large);
  await many(large, 1000, 10000);
  await run(browser, scale, { agent: large });
  judge(figures);
} finally {
  await browser.close();
  for (const agent of agents) await agent.stop();
}
for (const [name, value] of Object.entries(figures)) console.log(`measured: ${name}: ${value}`);
if (failed) {
  console.log(`${failed} steps failed`);
  process.exit(1);
}

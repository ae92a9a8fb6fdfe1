// Looks at the web gallery's pages in a browser, as a visitor would.
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";

const { source: axe } = createRequire(import.meta.url)("axe-core") as { readonly source: string };

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** Width and height of a phone and of a desk's window, each with the colours that are looked at there. */
export const WINDOWS = [
  { name: "phone", viewport: { width: 390, height: 844 }, colorScheme: "light" },
  { name: "desktop", viewport: { width: 1_440, height: 900 }, colorScheme: "dark" },
] as const;

/** Faults of pages in one window: what axe finds, errors of scripts and of the policy, foreign hosts, sideways scrolling, layout shift. */
export async function pageFaults(
  browser: Browser,
  { viewport, colorScheme }: (typeof WINDOWS)[number],
  urls: readonly string[],
  hosts: readonly string[],
): Promise<string[]> {
  const context = await browser.newContext({ viewport, colorScheme });
  const faults: string[] = [];
  try {
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && faults.push(`${page.url()}: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on("dialog", (dialog) => {
      faults.push(`${page.url()}: a script of somebody's text ran`);
      return dialog.dismiss();
    });
    page.on("request", (request) => {
      const { host, protocol } = new URL(request.url());
      if (protocol !== "data:" && !hosts.includes(host)) faults.push(`${page.url()}: asks ${request.url()}`);
    });
    for (const url of urls) {
      await page.goto(url, { waitUntil: "networkidle" });
      faults.push(...(await faultsOf(page)).map((fault) => `${url}: ${fault}`));
    }
  } finally {
    await context.close();
  }
  return faults;
}

/** Sum of layout shifts, pixels that are wider than the window, and pictures without pixels. Runs in the page. */
const MEASURE = `(async () => {
  const entries = await new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries())).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve([]), 100);
  });
  return {
    shift: entries.reduce((sum, { value }) => sum + value, 0),
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    broken: [...document.images].filter((image) => image.complete && image.naturalWidth === 0).map(({ src }) => src),
  };
})()`;

interface Measured {
  readonly shift: number;
  readonly overflow: number;
  readonly broken: readonly string[];
}

async function faultsOf(page: Page): Promise<string[]> {
  const { shift, overflow, broken } = await page.evaluate<Measured>(MEASURE);
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResult>("axe.run()");
  return [
    ...violations.map(({ id, nodes }) => `axe ${id}: ${nodes[0]?.html}`),
    ...(shift > 0.02 ? [`layout shift ${shift.toFixed(3)}`] : []),
    ...(overflow > 0 ? [`${overflow} px wider than the window`] : []),
    ...broken.map((source) => `picture ${source} is broken`),
  ];
}

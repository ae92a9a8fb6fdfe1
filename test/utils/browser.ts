import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

/** A headless Chromium: the one that npm brings where there is one for this machine, else an installed Chrome. */
export async function startBrowser(): Promise<Browser> {
  if (process.platform !== "linux" || process.arch !== "x64") return chromium.launch({ channel: "chrome" });
  // Its own arguments are for functions in a cloud: one process for all, and no web security, which pages are tested for.
  return chromium.launch({ executablePath: await sparticuz.executablePath(), args: ["--no-sandbox"] });
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Asset } from "./asset.ts";
import { bundleIsland } from "./islands.ts";

/** Assets by their names. */
export interface Assets {
  readonly style: Asset;
  readonly icon: Asset;
  /** Script of the button that checks an artwork in the browser. */
  readonly verify: Asset;
  /** All files, these and those that scripts load. */
  readonly files: readonly Asset[];
}

const folder = new URL("../../assets/", import.meta.url);

/** Reads the assets and bundles the scripts, once at the start. */
export async function readAssets(): Promise<Assets> {
  const style = readAsset("gallery.css", "text/css; charset=utf-8");
  const icon = readAsset("icon.svg", "image/svg+xml");
  const { entry, files } = await bundleIsland("verify");
  return { style, icon, verify: entry, files: [style, icon, ...files] };
}

function readAsset(name: string, type: string): Asset {
  const bytes = new Uint8Array(readFileSync(fileURLToPath(new URL(name, folder))));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const [stem, end] = name.split(".");
  return { path: `/assets/${stem}-${hash}.${end}`, type, bytes };
}

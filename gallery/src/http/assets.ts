import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** File that pages refer to. Its path has the hash of its bytes, so that browsers keep it for ever. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Assets by their names. */
export interface Assets {
  readonly style: Asset;
  readonly icon: Asset;
}

const folder = new URL("../../assets/", import.meta.url);

/** Reads the assets, once at the start. */
export function readAssets(): Assets {
  return {
    style: readAsset("gallery.css", "text/css; charset=utf-8"),
    icon: readAsset("icon.svg", "image/svg+xml"),
  };
}

function readAsset(name: string, type: string): Asset {
  const bytes = new Uint8Array(readFileSync(fileURLToPath(new URL(name, folder))));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const [stem, end] = name.split(".");
  return { path: `/assets/${stem}-${hash}.${end}`, type, bytes };
}

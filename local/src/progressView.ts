// Output of `npm start`: a line for each step while it comes up, then where everything is.
import { relative } from "node:path";
import { styleText } from "node:util";
import type { ProgramOutput } from "@gridnft/sdk/node";
import type { LocalGridSystem, Progress } from "./grid.ts";

/** Display of how a grid comes up. */
export interface ProgressView {
  progress(progress: Progress): void;
  /** Ends the display: text that is printed from now on stays below it. */
  done(): void;
}

const titles: Record<Progress["step"], string> = {
  chain: "chain",
  deployment: "contracts",
  postgres: "database",
  models: "models",
  seed: "accounts",
  indexer: "indexer",
  cloud: "cloud",
  gallery: "gallery",
  treasury: "treasury",
  "worker-1": "worker 1",
  "worker-2": "worker 2",
};
const order = Object.keys(titles) as Progress["step"][];
const marks = { waiting: "·", working: "…", ready: "✓", stopped: "■" } as const;
const colours = { waiting: "gray", working: "yellow", ready: "green", stopped: "gray" } as const;

/** Creates a display. On a terminal its lines change in place; elsewhere there is a line for each change of state. */
export function createProgressView(
  out: ProgramOutput & { readonly isTTY?: boolean; readonly columns?: number },
  now: () => number = () => performance.now(),
): ProgressView {
  const begun = now();
  const states = new Map<Progress["step"], Progress>();
  let drawn = 0;
  const line = ({ step, state, detail }: Progress, width: number): string => {
    const mark = out.isTTY ? styleText(colours[state], marks[state]) : marks[state];
    const text = state === "waiting" ? `waits ${detail}` : detail;
    return `${mark} ${titles[step].padEnd(10)} ${text}`.slice(0, width + 20).trimEnd();
  };
  const draw = (): void => {
    const width = (out.columns || 80) - 1;
    const lines = order.flatMap((step) => {
      const state = states.get(step);
      // Cut to the terminal's width: a line that wraps could not be drawn over.
      return state ? [line({ ...state, detail: state.detail.slice(0, Math.max(0, width - 19)) }, width)] : [];
    });
    const up = drawn > 0 ? `\u001b[${drawn}A` : "";
    out.write(`${up}${lines.map((text) => `\u001b[2K${text}\n`).join("")}`);
    drawn = lines.length;
  };
  return {
    progress: (progress) => {
      const before = states.get(progress.step);
      states.set(progress.step, progress);
      if (out.isTTY) return draw();
      if (before?.state === progress.state) return;
      const seconds = ((now() - begun) / 1000).toFixed(1).padStart(5);
      out.write(`${seconds} s  ${line(progress, 200)}\n`);
    },
    done: () => {
      drawn = 0;
      states.clear();
    },
  };
}

/** Returns the text that says that everything is there. */
export function readySummary(grid: LocalGridSystem, seconds: number, color: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) => (color ? styleText(style, text) : text);
  const artist = grid.accounts.find(({ name }) => name === "artist");
  const rows: [string, string][] = [
    ...(grid.galleryUrl === undefined ? [] : [["Gallery", grid.galleryUrl] as [string, string]]),
    ["GraphQL", grid.graphqlUrl],
    ["AI Cloud API", grid.cloudUrl],
    ["API reference", `${grid.cloudUrl}/openapi.json`],
    ["Chain (RPC)", `${grid.rpcUrl}  chain id ${grid.deployment.chainId}`],
    ["Database", grid.databaseUrl.replace(/:[^:@/]+@/, ":***@")],
    ["GridNFT", grid.deployment.contracts.GridNFT.address],
    ["AIGC", grid.deployment.contracts.AIGC.address],
    ["Artist", `${artist?.address ?? ""}  (anvil's test account 7)`],
    ...grid.models.map(({ modelId, card }): [string, string] => [
      `Model ${modelId}`,
      `${card.name}, ${card.access.toLowerCase()}`,
    ]),
    ["State, logs", relative(process.cwd(), grid.state.folder) || "."],
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  return [
    "",
    paint("bold", `GridNFT is running (${seconds.toFixed(0)} s).`),
    "",
    ...rows.map(([title, text]) => `  ${title.padEnd(width)}  ${text}`),
    "",
    ...grid.notices.map((notice) => `${paint("yellow", "!")} ${notice}`),
    "Now, in another terminal:",
    "",
    `  ${paint("cyan", 'npx gridnft generate "a lighthouse in a storm, oil painting" --mint')}`,
    "",
    "Ctrl-C stops everything; npm start goes on where it was, npm start -- --reset begins anew.",
    "",
  ].join("\n");
}

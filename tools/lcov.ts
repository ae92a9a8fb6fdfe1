// Reads the lcov report that `forge coverage` writes.

export interface FileCoverage {
  file: string;
  /** Hits by line number. */
  lines: Map<number, number>;
  branches: { line: number; hits: number }[];
}

/** Parses lcov; a branch that was never reached (`-`) counts as 0. */
export function parseLcov(text: string): FileCoverage[] {
  const files: FileCoverage[] = [];
  let current: FileCoverage | undefined;
  for (const line of text.split("\n")) {
    const [key = "", value = ""] = line.split(/:(.*)/);
    if (key === "SF") {
      current = { file: value, lines: new Map(), branches: [] };
      files.push(current);
    }
    const parts = value.split(",");
    if (key === "DA") current?.lines.set(Number(parts[0]), Number(parts[1]));
    if (key === "BRDA")
      current?.branches.push({ line: Number(parts[0]), hits: parts[3] === "-" ? 0 : Number(parts[3]) });
  }
  return files;
}

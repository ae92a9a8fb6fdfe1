import { describe, expect, test } from "vitest";
import { forbiddenScripts, lockfiles, markedScripts, missingOptional, platformOf, readLockfile } from "./lockfile.ts";

describe.each(lockfiles)("%s", (file) => {
  const lockfile = readLockfile(file);

  test("names the packages of every platform (npm run lockfile:complete)", () => {
    expect(missingOptional(lockfile)).toEqual([]);
  });

  test("names no registry, so it works with any mirror", () => {
    const hosts = Object.values(lockfile.packages).filter(({ resolved }) => resolved?.includes("://"));
    expect(hosts).toEqual([]);
  });
});

test("no install script runs that package.json forbids, in npm that doesn't know allowScripts either", () => {
  expect(forbiddenScripts()).toContain("onnxruntime-node");
  expect(markedScripts(readLockfile("package-lock.json"), forbiddenScripts())).toEqual([]);
  const packages = {
    "node_modules/a": { hasInstallScript: true },
    "node_modules/b/node_modules/a": { hasInstallScript: true },
    "node_modules/c": { hasInstallScript: true },
  };
  expect(markedScripts({ packages }, ["a"])).toEqual(["node_modules/a", "node_modules/b/node_modules/a"]);
});

test("a package's name tells its platform", () => {
  expect(platformOf("@foundry-rs/forge-darwin-amd64")).toEqual({ os: ["darwin"], cpu: ["x64"] });
  expect(platformOf("@biomejs/cli-linux-arm64-musl")).toEqual({ os: ["linux"], cpu: ["arm64"], libc: ["musl"] });
  expect(() => platformOf("left-pad")).toThrow(/no platform/);
});

test("an optional package is found where Node would find it", () => {
  const packages = {
    "": {},
    "node_modules/a": { optionalDependencies: { "a-linux-x64": "1.0.0" } },
    "node_modules/b/node_modules/a": { optionalDependencies: { "a-linux-x64": "2.0.0" } },
    "node_modules/b/node_modules/a-linux-x64": { version: "2.0.0" },
  };
  expect(missingOptional({ packages })).toEqual([{ path: "node_modules/a-linux-x64", version: "1.0.0" }]);
});

// The project of the parent folders, compiled and tested by forge (foundry.toml is the truth), seen through Hardhat.
const { delimiter, resolve } = require("node:path");

const root = resolve(__dirname, "../..");

// The plugin starts whatever `forge` is on PATH; npx would put the one first that drops exit codes.
process.env.PATH = resolve(__dirname, "bin") + delimiter + process.env.PATH;

require("@foundry-rs/hardhat-forge");
require("@nomiclabs/hardhat-ethers");
const { extendEnvironment } = require("hardhat/config");

// Hardhat's network reads all build-info for its stack traces and refuses forge's, which lacks the opcodes of deployed
// code (forge can't be told to write them). Without build-info it runs, and forge shows the traces.
extendEnvironment((hre) => {
  hre.artifacts.getBuildInfoPaths = async () => [];
});

/** @type {import("hardhat/config").HardhatUserConfig} */
module.exports = {
  // Never used to compile, forge does; named because Hardhat asks for a version.
  solidity: "0.8.37",
  paths: { root, sources: resolve(root, "contracts"), artifacts: resolve(root, "cache/hardhat/artifacts") },
  networks: { hardhat: { chainId: 31337, hardfork: "prague" } },
  foundry: { runSuper: false, writeArtifacts: true },
};

import { Command } from "commander";
import { createPublicClient, http } from "viem";
import * as sdk from "@gridnft/sdk";
const c = new Command();
console.log(typeof c, typeof createPublicClient, Object.keys(sdk).length, typeof http);

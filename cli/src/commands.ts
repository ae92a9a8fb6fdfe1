import { type Command, Option } from "commander";
import type { ExitCode } from "./failure.ts";
import type { Surroundings } from "./program.ts";

/** Takes a command's exit code. */
type Finish = (code: Promise<ExitCode>) => Promise<void>;

/** Adds every command. Their modules are loaded when they are called. */
export function addCommands(program: Command, finish: Finish, surroundings: Surroundings): void {
  generation(program, finish, surroundings);
  minting(program, finish, surroundings);
  looking(program, finish, surroundings);
  money(program, finish, surroundings);
}

const json = (): Option => new Option("--json", "print one JSON document");
const account = (): Option =>
  new Option("--account <name>", "account of the running grid, or variable that holds a key (default: artist)");

function generation(program: Command, finish: Finish, surroundings: Surroundings): void {
  series(
    program
      .command("generate")
      .description("make a picture from a prompt; with --mint, an NFT")
      .argument("<prompt>", "what to see, in quotes")
      .option("-m, --model <id or name>", "AIGC model (default: the first that is open)")
      .option("-n, --negative <prompt>", "what not to see")
      .option("-s, --seed <number>", "0 to 2^63-1, for the same picture again")
      .option("--steps <number>", "denoising steps")
      .option("-W, --width <pixels>", "width")
      .option("-H, --height <pixels>", "height")
      .option("-g, --guidance <number>", "how closely to follow the prompt")
      .option("--sampler <name>", "ddim, euler, euler_a or dpmpp_2m")
      .option("--scheduler <name>", "normal or karras")
      .option("-c, --count <number>", "pictures; those after the first have the next seeds")
      .option("--rail <rail>", "direct: your own AIPG; gateway: the cloud pays, within your quota", "direct")
      .option("--private", "hide the prompt on chain until it is minted")
      .option("--max-price <AIPG>", "most that all pictures together may cost", "10")
      .option("-o, --out <path>", "folder, or file ending in .png (default: here, named after the prompt)")
      .option("--mint", "mint the pictures as one series"),
  )
    .addOption(account())
    .addOption(json())
    .action(async (prompt, options) =>
      finish((await import("./commands/generate.ts")).generateCommand(prompt, { ...options, surroundings })),
    );
}

/** Options of a mint. */
function series(command: Command): Command {
  return command
    .option("-t, --title <text>", "title of the series (default: from the prompt)")
    .option("-d, --description <text>", "description")
    .option("--tags <list>", "tags, with commas between them")
    .option("--royalty <percent>", "resale royalty, 0 to 10")
    .option("--evolution <who>", "who may add versions later: none, artist or owner");
}

function minting(program: Command, finish: Finish, surroundings: Surroundings): void {
  series(
    program
      .command("mint")
      .description("mint pictures that were made before; several become a series")
      .argument("<receipt...>", ".json files that generate saved, or receipt ids")
      .option("--to <address>", "who receives the tokens (default: the artist)"),
  )
    .addOption(account())
    .addOption(json())
    .action(async (receipts, options) =>
      finish((await import("./commands/mint.ts")).mintCommand(receipts, { ...options, surroundings })),
    );

  program
    .command("evolve")
    .description("add a version to an artwork that may evolve")
    .argument("<token>", "token id, e.g. 1001")
    .argument("<receipt>", ".json file that generate saved, or receipt id")
    .option("--announce", "announce it: owners do so an hour ahead")
    .option("--parent <token[:version]>", "artwork whose image the picture was made from")
    .addOption(account())
    .addOption(json())
    .action(async (token, receipt, options) =>
      finish((await import("./commands/evolve.ts")).evolveCommand(token, receipt, { ...options, surroundings })),
    );
}

function looking(program: Command, finish: Finish, surroundings: Surroundings): void {
  program
    .command("show")
    .description("show an artwork")
    .argument("<token>", "token id, e.g. 1001")
    .addOption(json())
    .action(async (token, options) =>
      finish((await import("./commands/show.ts")).showCommand(token, { ...options, surroundings })),
    );

  program
    .command("verify")
    .description("check where an artwork comes from, with nothing but a node and IPFS")
    .argument("<token>", "token id, e.g. 1001")
    .option("--rerun", "run the job again with the built-in engine and compare the pictures")
    .option("--models <folder>", "where to look for the model's weights (default: the running grid's)")
    .option("--ipfs <url>", "IPFS gateway to fetch the picture from (default: the grid's cloud, else ipfs.io)")
    .option("--image <file>", "check this file instead of fetching the picture")
    .option("-v, --verbose", "show the values that each check rests on")
    .addOption(json())
    .action(async (token, options) =>
      finish((await import("./commands/verify.ts")).verifyCommand(token, { ...options, surroundings })),
    );

  program
    .command("models")
    .description("models that workers serve, and what they cost")
    .addOption(json())
    .action(async (options) =>
      finish((await import("./commands/list.ts")).modelsCommand({ ...options, surroundings })),
    );

  program
    .command("workers")
    .description("workers that are there now")
    .addOption(json())
    .action(async (options) =>
      finish((await import("./commands/list.ts")).workersCommand({ ...options, surroundings })),
    );
}

function money(program: Command, finish: Finish, surroundings: Surroundings): void {
  const load = () => import("./commands/account.ts");
  const command = program.command("account").description("AIPG of an account, and what jobs can draw on");
  command
    .command("show", { isDefault: true })
    .description("what the account has")
    .addOption(account())
    .addOption(json())
    .action(async (options) => finish((await load()).accountCommand({ ...options, surroundings })));
  command
    .command("deposit")
    .description("move AIPG from the wallet to where jobs can draw on it")
    .argument("<AIPG>", "amount, e.g. 25")
    .addOption(account())
    .addOption(json())
    .action(async (amount, options) => finish((await load()).depositCommand(amount, { ...options, surroundings })));
  command
    .command("withdraw")
    .description("announce a withdrawal; an hour later, without an amount, make it")
    .argument("[AIPG]", "amount to announce")
    .addOption(account())
    .addOption(json())
    .action(async (amount, options) => finish((await load()).withdrawCommand(amount, { ...options, surroundings })));
  command
    .command("cancel")
    .description("take the announcement of a withdrawal back")
    .addOption(account())
    .addOption(json())
    .action(async (options) => finish((await load()).cancelCommand({ ...options, surroundings })));

  program
    .command("license")
    .description("licenses of models")
    .command("buy")
    .description("buy the right to use a model, or make it longer")
    .argument("<model>", "model id")
    .option("--periods <number>", "how many periods", "1")
    .option("--max-price <AIPG>", "most that it may cost (default: what it costs now)")
    .addOption(account())
    .addOption(json())
    .action(async (model, options) =>
      finish((await import("./commands/license.ts")).licenseCommand(model, { ...options, surroundings })),
    );
}

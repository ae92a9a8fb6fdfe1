import { Argument, type Command, Option } from "commander";
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
  tools(program, finish, surroundings);
}

/** Options of every command. */
function common(command: Command): Command {
  return command
    .addOption(new Option("--json", "print one JSON document"))
    .addOption(new Option("-q, --quiet", "print nothing but the bare result, such as an id"));
}

/** Options of commands that sign. */
function signing(command: Command): Command {
  return command.addOption(
    new Option("--account <name>", "account of the running grid, or variable that holds a key (default: artist)"),
  );
}

/** Options of commands that move money. */
function paying(command: Command): Command {
  return common(signing(command).addOption(new Option("-y, --yes", "don't ask before money moves")));
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

function generation(program: Command, finish: Finish, surroundings: Surroundings): void {
  paying(
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
        .option("--sampler <name>", "one that the model's workers offer, such as euler_a")
        .option("--scheduler <name>", "one that the model's workers offer, such as karras")
        .option("-c, --count <number>", "pictures; those after the first have the next seeds")
        .option("--rail <rail>", "direct: your own AIPG; gateway: the cloud pays, within your quota (default: direct)")
        .option("--private", "hide the prompt on chain until it is minted")
        .option("--max-price <AIPG>", "most that all pictures together may cost (default: 10)")
        .option("-o, --out <path>", "folder, or file ending in .png (default: here, named after the prompt)")
        .option("--mint", "mint the pictures as one series"),
    ),
  ).action(async (prompt, options) =>
    finish((await import("./commands/generate.ts")).generateCommand(prompt, { ...options, surroundings })),
  );

  paying(
    series(
      program
        .command("resume")
        .description("go on with a job that was ordered: fetch its pictures, and mint them if that was asked for")
        .argument("<job>", "id of the job, or the .job.json that generate wrote")
        .option("-o, --out <path>", "folder, or file ending in .png (default: where generate wanted them)")
        .option("--mint", "mint the pictures as one series (default: as generate was told)")
        .option("--no-mint", "fetch and save them alone, whatever generate was told"),
    ),
  ).action(async (job, options) =>
    finish((await import("./commands/resume.ts")).resumeCommand(job, { ...options, surroundings })),
  );
}

function minting(program: Command, finish: Finish, surroundings: Surroundings): void {
  paying(
    series(
      program
        .command("mint")
        .description("mint pictures that were made before; several become a series")
        .argument("<receipt...>", ".json files that generate saved, or receipt ids")
        .option("--to <address>", "who receives the tokens (default: the artist)"),
    ),
  ).action(async (receipts, options) =>
    finish((await import("./commands/mint.ts")).mintCommand(receipts, { ...options, surroundings })),
  );

  paying(
    program
      .command("evolve")
      .description("add a version to an artwork that may evolve")
      .argument("<token>", "token id, e.g. 1001")
      .argument("<receipt>", ".json file that generate saved, or receipt id")
      .option("--announce", "announce it: owners do so an hour ahead")
      .option("--parent <token[:version]>", "artwork whose image the picture was made from"),
  ).action(async (token, receipt, options) =>
    finish((await import("./commands/evolve.ts")).evolveCommand(token, receipt, { ...options, surroundings })),
  );
}

function looking(program: Command, finish: Finish, surroundings: Surroundings): void {
  common(program.command("show").description("show an artwork").argument("<token>", "token id, e.g. 1001")).action(
    async (token, options) =>
      finish((await import("./commands/show.ts")).showCommand(token, { ...options, surroundings })),
  );

  common(
    program
      .command("verify")
      .description("check where an artwork comes from, with nothing but a node and IPFS")
      .argument("<token>", "token id, e.g. 1001")
      .option("--rerun", "run the job again with the built-in engine and compare the pictures")
      .option("--models <folder>", "with --rerun: where the model's weights are (default: the running grid's)")
      .option("--ipfs <url>", "IPFS gateway to fetch the picture from (default: the grid's cloud, else ipfs.io)")
      .option("--image <file>", "check this file instead of fetching the picture")
      .option("-v, --verbose", "show the values that each check rests on"),
  ).action(async (token, options) =>
    finish((await import("./commands/verify.ts")).verifyCommand(token, { ...options, surroundings })),
  );

  common(program.command("models").description("models that workers serve, and what they cost")).action(
    async (options) => finish((await import("./commands/list.ts")).modelsCommand({ ...options, surroundings })),
  );

  common(program.command("workers").description("workers that are there now")).action(async (options) =>
    finish((await import("./commands/list.ts")).workersCommand({ ...options, surroundings })),
  );
}

function money(program: Command, finish: Finish, surroundings: Surroundings): void {
  const load = () => import("./commands/account.ts");
  const command = program.command("account").description("AIPG of an account, and what jobs can draw on");
  common(signing(command.command("show", { isDefault: true }).description("what the account has"))).action(
    async (options) => finish((await load()).accountCommand({ ...options, surroundings })),
  );
  paying(
    command
      .command("deposit")
      .description("move AIPG from the wallet to where jobs can draw on it")
      .argument("<AIPG>", "amount, e.g. 25"),
  ).action(async (amount, options) => finish((await load()).depositCommand(amount, { ...options, surroundings })));
  paying(
    command
      .command("withdraw")
      .description("announce a withdrawal; an hour later, without an amount, make it")
      .argument("[AIPG]", "amount to announce"),
  ).action(async (amount, options) => finish((await load()).withdrawCommand(amount, { ...options, surroundings })));
  common(signing(command.command("cancel").description("take the announcement of a withdrawal back"))).action(
    async (options) => finish((await load()).cancelCommand({ ...options, surroundings })),
  );

  paying(
    program
      .command("license")
      .description("licenses of models")
      .command("buy")
      .description("buy the right to use a model, or make it longer")
      .argument("<model>", "model id")
      .option("--periods <number>", "how many periods", "1")
      .option("--max-price <AIPG>", "most that it may cost (default: what it costs now)"),
  ).action(async (model, options) =>
    finish((await import("./commands/license.ts")).licenseCommand(model, { ...options, surroundings })),
  );
}

function tools(program: Command, finish: Finish, surroundings: Surroundings): void {
  common(signing(program.command("doctor").description("check everything that the other commands need"))).action(
    async (options) => finish((await import("./commands/doctor.ts")).doctorCommand({ ...options, surroundings })),
  );

  const load = () => import("./commands/config.ts");
  const config = program.command("config").description("settings that are kept, and where each one comes from");
  common(config.command("list", { isDefault: true }).description("every setting")).action(async (options) =>
    finish((await load()).listCommand({ ...options, surroundings })),
  );
  common(config.command("get").description("one setting").argument("<name>", "e.g. max-price")).action(
    async (name, options) => finish((await load()).getCommand(name, { ...options, surroundings })),
  );
  common(
    config
      .command("set")
      .description("keep a setting")
      .argument("<name>", "e.g. max-price")
      .argument("<value>", "e.g. 2.5"),
  ).action(async (name, value, options) =>
    finish((await load()).setCommand(name, value, { ...options, surroundings })),
  );
  common(config.command("unset").description("forget a setting").argument("<name>", "e.g. max-price")).action(
    async (name, options) => finish((await load()).unsetCommand(name, { ...options, surroundings })),
  );

  program
    .command("completion")
    .description("print a script that lets a shell complete commands and options")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(["bash", "zsh", "fish"]))
    .action(async (shell) =>
      finish((await import("./commands/completion.ts")).completionCommand(program, shell, surroundings)),
    );
}

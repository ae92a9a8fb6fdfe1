import type { Command, Option } from "commander";
import { ExitCode } from "../failure.ts";
import { openOutput } from "../output.ts";
import type { Surroundings } from "../program.ts";

/** A command with the words that lead to it. */
interface Node {
  /** Such as `account deposit`; empty for `gridnft` itself. */
  readonly path: string;
  readonly commands: readonly Command[];
  readonly options: readonly Option[];
}

/** Values of options that are suggested. Samplers and schedules are the built-in engine's: the offers of workers may have others. */
const values: Readonly<Record<string, readonly string[]>> = {
  "--rail": ["direct", "gateway"],
  "--sampler": ["ddim", "euler", "euler_a", "dpmpp_2m"],
  "--scheduler": ["normal", "karras"],
  "--evolution": ["none", "artist", "owner"],
};

/** `gridnft completion <shell>`: a script from the commands themselves, so that a key press starts no program. */
export async function completionCommand(
  program: Command,
  shell: "bash" | "zsh" | "fish",
  { out }: Surroundings,
): Promise<ExitCode> {
  const nodes = nodesOf(program);
  openOutput(out).write(shell === "fish" ? fish(nodes) : bash(nodes, shell));
  return ExitCode.OK;
}

function nodesOf(command: Command, path = ""): Node[] {
  return [
    { path, commands: command.commands, options: command.options.filter((one) => !one.hidden) },
    ...command.commands.flatMap((one) => nodesOf(one, `${path} ${one.name()}`.trim())),
  ];
}

function flagsOf({ options }: Node): string[] {
  return [...new Set([...options.flatMap(({ short, long }) => [short, long]), "--help"])].filter(
    (flag) => flag !== undefined && flag !== null,
  ) as string[];
}

/** A function for bash; zsh runs it by bashcompinit. */
function bash(nodes: readonly Node[], shell: "bash" | "zsh"): string {
  const groups = nodes.filter(({ commands }) => commands.length > 0).map(({ path }) => path);
  const lists = nodes.map((node) => {
    const words = node.commands.map((one) => one.name()).concat(flagsOf(node));
    return `    "${node.path}") words="${words.join(" ")}" ;;`;
  });
  const choices = Object.entries(values).map(([flag, words]) => `    ${flag}) words="${words.join(" ")}" ;;`);
  const paths = nodes.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  return `${shell === "zsh" ? "#compdef gridnft\nautoload -U +X bashcompinit && bashcompinit\n" : ""}# gridnft ${shell} completion
_gridnft() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" i next
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
      ${paths.join(" | ")}) path="$next" ;;
    esac
  done
  case "$before" in
${choices.join("\n")}
    *) case "$path" in
${lists.join("\n")}
    esac ;;
  esac
  # Where no command can follow, files can.
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  case "$path" in
    ${groups.map((path) => `"${path}"`).join(" | ")}) ;;
    *) [[ "$word" != -* ]] && COMPREPLY+=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _gridnft gridnft
`;
}

function fish(nodes: readonly Node[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = nodes.flatMap((node) => {
    const names = node.path.split(" ").filter(Boolean);
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`);
    const below = node.commands.map((one) => one.name());
    const none = below.length > 0 ? [`not __fish_seen_subcommand_from ${below.join(" ")}`] : [];
    const here = [...seen, ...none].join("; and ") || "true";
    return [
      ...node.commands.map(
        (one) => `complete -c gridnft -f -n ${quote(here)} -a ${one.name()} -d ${quote(one.description())}`,
      ),
      ...node.options.map(({ short, long, description, required, optional }) => {
        const parts = [
          short && `-s ${short.slice(1)}`,
          long && `-l ${long.slice(2)}`,
          (required || optional) && "-r",
          long && values[long] && `-f -a ${quote(values[long].join(" "))}`,
          `-d ${quote(description)}`,
        ];
        return `complete -c gridnft -n ${quote(seen.join("; and ") || "true")} ${parts.filter(Boolean).join(" ")}`;
      }),
    ];
  });
  return `# gridnft fish completion\n${lines.join("\n")}\n`;
}

// Reads `.tree` files and says which tests they ask for. The rule for the names, in full:
//
// 1. A file holds one or more trees, separated by blank lines. A tree's first line is its root, `Contract::function`.
//    Below it stand conditions ("given ..." for state, "when ..." for input) and leaves ("it should ..."), drawn with
//    `├──`, `└──` and `│`. `//` begins a comment. Every condition ends in at least one leaf.
// 2. All leaves directly under one condition are answered by ONE test, named after that condition alone (its parents
//    are skipped), in PascalCase: "when the caller is not the owner" -> `test_WhenTheCallerIsNotTheOwner`.
//    Apostrophes vanish, every other sign separates words, letters inside a word keep their case.
// 3. If one of these leaves begins "it should revert": `test_RevertWhen_TheCallerIsNotTheOwner` or `test_RevertGiven_...`.
// 4. A leaf directly under the root is answered by a test of its own: "it should return the owner" ->
//    `test_ShouldReturnTheOwner`. It can't be a revert: a revert has a condition.
// 5. In a file with several roots the function comes first: `test_Approve_WhenTheCallerIsTheOwner`.
// 6. `testFuzz_` may stand for `test_` in any of these names.
// 7. Two conditions that give the same name are an error: word one of them differently.
// 8. A leaf that begins "it should revert" or "it should refuse" names its error: "it should revert with A", "... with A, B
//    or C and leave the nonce unused", as Solidity declares it; a panic as Panic(0x11). The error must be declared in a
//    contract, script or test double of this project or in a package, and the test, or a function that it calls, in its
//    file or in a file of test/ that this imports, must mention it (`A.selector`; for a panic, forge's `stdError`). Whether
//    the test expects it at the right place is not checked.
// 9. Conditions stand in the order in which the function checks them, and those below a condition are looked at only
//    where it holds. A condition without leaves of its own groups a stage, and asks for no test. No tool checks this rule.

/** One line of a tree: the root, a condition or a leaf. */
interface TreeNode {
  text: string;
  line: number;
  column: number;
  children: TreeNode[];
}

/** One test that a tree asks for: `name` lacks its `test_` or `testFuzz_` prefix, `errors` are named by its leaves. */
export interface ExpectedTest {
  name: string;
  line: number;
  errors: string[];
}

/** One root of a tree file. */
export interface Tree {
  contract: string;
  function: string;
  tests: ExpectedTest[];
}

export interface ParsedTrees {
  trees: Tree[];
  /** Faults, each beginning with its line number. */
  faults: string[];
}

/** "the caller isn't the owner" -> "TheCallerIsntTheOwner" */
export function pascalCase(text: string): string {
  return text
    .replace(/['’]/g, "")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** Parses the text of a `.tree` file into the tests it asks for. */
export function parseTrees(text: string): ParsedTrees {
  const faults: string[] = [];
  const roots = readNodes(text, faults);
  const trees = roots.map((root) => readTree(root, roots.length > 1, faults));
  if (roots.length === 0) faults.push("1: no tree in this file");
  reportTwins(trees, faults);
  return { trees, faults };
}

function readNodes(text: string, faults: string[]): TreeNode[] {
  const roots: TreeNode[] = [];
  let open: TreeNode[] = []; // the path from the root to the line before
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/\/\/.*$/, "").trimEnd();
    if (line.trim() === "" || /^[\s│|]+$/.test(line)) continue;
    const match = /^([\s│]*)([├└]──?\s+)?(.*)$/.exec(line);
    const indent = match?.[1] ?? "";
    const branch = match?.[2];
    const node: TreeNode = { text: match?.[3]?.trim() ?? "", line: index + 1, column: indent.length, children: [] };
    if (branch === undefined) {
      if (indent !== "") faults.push(`${node.line}: neither a root nor a branch (├── or └──)`);
      roots.push(node);
      open = [node];
      continue;
    }
    const root = open[0];
    if (root === undefined) {
      faults.push(`${node.line}: a branch before any root`);
      continue;
    }
    // The parent is the nearest line above that stands further to the left; the root stands left of everything.
    open = [root, ...open.slice(1).filter((above) => above.column < node.column)];
    open[open.length - 1]?.children.push(node);
    open.push(node);
  }
  return roots;
}

function readTree(root: TreeNode, several: boolean, faults: string[]): Tree {
  const match = /^(\w+)::(\w+)$/.exec(root.text);
  if (match === null) faults.push(`${root.line}: root "${root.text}" is not Contract::function`);
  const name = match?.[2] ?? "";
  const tests: ExpectedTest[] = [];
  const prefix = several ? `${pascalCase(name)}_` : "";
  for (const child of root.children) {
    if (isLeaf(child)) {
      if (isRevert(child)) faults.push(`${child.line}: a revert needs a condition (when ..., given ...)`);
      const name = `${prefix}${pascalCase(child.text.replace(/^it /, ""))}`;
      tests.push({ name, line: child.line, errors: errorsOf([child], faults) });
    } else {
      readCondition(child, prefix, tests, faults);
    }
  }
  if (root.children.length === 0) faults.push(`${root.line}: ${root.text} has no leaf`);
  return { contract: match?.[1] ?? "", function: name, tests };
}

function readCondition(node: TreeNode, prefix: string, tests: ExpectedTest[], faults: string[]): void {
  const match = /^(when|given) (.+)$/i.exec(node.text);
  if (match === null) {
    faults.push(`${node.line}: "${node.text}" begins with none of "given", "when", "it should"`);
    return;
  }
  const leaves = node.children.filter(isLeaf);
  for (const leaf of leaves) {
    if (leaf.children.length > 0) faults.push(`${leaf.line}: a leaf can't have branches`);
  }
  if (node.children.length === 0) faults.push(`${node.line}: "${node.text}" ends without "it should ..."`);
  if (leaves.length > 0) {
    const word = pascalCase((match[1] ?? "").toLowerCase());
    const rest = pascalCase(match[2] ?? "");
    const name = leaves.some(isRevert) ? `Revert${word}_${rest}` : `${word}${rest}`;
    tests.push({ name: `${prefix}${name}`, line: node.line, errors: errorsOf(leaves, faults) });
  }
  for (const child of node.children) {
    if (!isLeaf(child)) readCondition(child, prefix, tests, faults);
  }
}

function isLeaf(node: TreeNode): boolean {
  return /^it should /i.test(node.text);
}

function isRevert(node: TreeNode): boolean {
  return /^it should revert\b/i.test(node.text);
}

/** Errors that leaves name; a fault for each leaf that ought to and doesn't. */
function errorsOf(leaves: TreeNode[], faults: string[]): string[] {
  return leaves
    .filter((leaf) => /^it should (revert|refuse)\b/i.test(leaf.text))
    .flatMap((leaf) => {
      const errors = namedErrors(leaf.text);
      if (errors.length === 0) faults.push(`${leaf.line}: "${leaf.text}" names no error ("... with <error>")`);
      return errors;
    });
}

/** "it should revert with A, B or C and leave no license" -> A, B, C */
export function namedErrors(leaf: string): string[] {
  const error = String.raw`[A-Z]\w*(?:\(0x[0-9a-f]{2}\))?`;
  const lists = leaf.matchAll(new RegExp(String.raw`\bwith (${error}(?:(?:,| or|, or) ${error})*)`, "g"));
  return [...lists].flatMap((list) => (list[1] ?? "").split(/,? or |, /));
}

function reportTwins(trees: Tree[], faults: string[]): void {
  const first = new Map<string, number>();
  for (const test of trees.flatMap((tree) => tree.tests)) {
    const before = first.get(test.name);
    if (before !== undefined) faults.push(`${test.line}: same test name as line ${before} (${test.name}): reword one`);
    else first.set(test.name, test.line);
  }
}

/** Names of the test functions in a Solidity file, as written. */
export function testNames(solidity: string): string[] {
  return functionsOf(solidity)
    .map(({ name }) => name)
    .filter((name) => name.startsWith("test"));
}

/** Errors that a Solidity file declares. */
export function declaredErrors(solidity: string): string[] {
  return [...withoutComments(solidity).matchAll(/\berror\s+(\w+)\s*\(/g)].map((match) => match[1] ?? "");
}

/** Functions of a Solidity file, each with its text from the name to the next function. */
function functionsOf(solidity: string): { name: string; text: string }[] {
  const pieces = withoutComments(solidity).split(/\bfunction\s+(?=\w+\s*\()/);
  return pieces.slice(1).map((text) => ({ name: /^\w+/.exec(text)?.[0] ?? "", text }));
}

function withoutComments(solidity: string): string {
  return solidity.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}

/** Compares what the trees ask for with the tests there are; returns the faults. */
export function compareTests(trees: Tree[], names: string[]): string[] {
  const faults: string[] = [];
  const asked = new Set(trees.flatMap((tree) => tree.tests.map((test) => test.name)));
  const counts = new Map<string, number>();
  for (const name of names) {
    const match = /^test(?:Fuzz)?_(\w+)$/.exec(name);
    if (match === null || !asked.has(match[1] ?? "")) faults.push(`${name} answers no leaf of the tree`);
    else counts.set(match[1] ?? "", (counts.get(match[1] ?? "") ?? 0) + 1);
  }
  for (const test of trees.flatMap((tree) => tree.tests)) {
    const count = counts.get(test.name) ?? 0;
    if (count === 0) faults.push(`line ${test.line} asks for test_${test.name}: missing`);
    if (count > 1) faults.push(`line ${test.line} asks for test_${test.name} once: found ${count}`);
  }
  return faults;
}

const panics: Record<string, string> = {
  "Panic(0x01)": "assertionError",
  "Panic(0x11)": "arithmeticError",
  "Panic(0x12)": "divisionError",
  "Panic(0x21)": "enumConversionError",
  "Panic(0x32)": "indexOOBError",
};

/**
 * Compares the errors that trees name with those that are declared, and with those that the tests mention; returns the
 * faults. `sources`: the tests' file first, then the files whose functions they call.
 */
export function compareErrors(trees: Tree[], sources: string[], declared: Set<string>): string[] {
  const texts = new Map<string, string>();
  for (const { name, text } of sources.flatMap(functionsOf)) texts.set(name, (texts.get(name) ?? "") + text);

  const faults: string[] = [];
  for (const test of trees.flatMap((tree) => tree.tests)) {
    if (test.errors.length === 0) continue;
    const text = calledText([`test_${test.name}`, `testFuzz_${test.name}`], texts);
    for (const error of test.errors) {
      const panic = panics[error];
      const mention = panic === undefined ? `${error}.selector` : `stdError.${panic}`;
      if (panic === undefined && !declared.has(error)) faults.push(`line ${test.line}: no error ${error} is declared`);
      else if (!new RegExp(`\\b${mention}\\b`).test(text)) {
        faults.push(`line ${test.line}: test_${test.name} doesn't mention ${error}`);
      }
    }
  }
  return faults;
}

/** Text of functions, and of all that they call. */
function calledText(names: string[], texts: Map<string, string>): string {
  const called = new Set(names);
  for (const name of called) {
    for (const match of (texts.get(name) ?? "").matchAll(/\b(\w+)\s*\(/g)) {
      if (texts.has(match[1] ?? "")) called.add(match[1] ?? "");
    }
  }
  return [...called].map((name) => texts.get(name) ?? "").join("\n");
}

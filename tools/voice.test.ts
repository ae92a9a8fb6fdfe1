import { expect, test } from "vitest";
import { docComments, isQuestion } from "./voice.ts";

test("doc comments of TypeScript are found with the line of their text", () => {
  const source = `
/** Returns a. */
const a = 1;
/**
 * Whether b.
 * More of it.
 */
const b = 1; // Who c
/* What d */
/***/
`;
  expect(docComments("a.ts", source)).toEqual([
    { line: 2, text: "Returns a." },
    { line: 5, text: "Whether b." },
  ]);
});

test("doc comments of Solidity are @notice and @dev", () => {
  const source = `
/// @notice Returns a.
/// @param x What x is.
/// More of it.
/**
 * @dev Who b.
 */
// @dev no
`;
  expect(docComments("A.sol", source)).toEqual([
    { line: 2, text: "Returns a." },
    { line: 6, text: "Who b." },
  ]);
});

test("question words are whole first words", () => {
  const questions = [
    "What a is.",
    "Whether b.",
    "Who",
    "Whose a",
    "Somebody who",
    "Nobody b",
    "How c",
    "Where d",
    "That e",
  ];
  expect(questions.filter(isQuestion)).toEqual(questions);
  const others = ["Whatever a is.", "Returns what b is.", "However", "`What` is", "what"];
  expect(others.filter(isQuestion)).toEqual([]);
});

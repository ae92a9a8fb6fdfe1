import type { z } from "zod";
import { ApiError } from "../../error.ts";

type Issue = z.core.$ZodIssue;

/** Returns the first issue of an input as the API's error: the field by its path, and what is allowed. */
export function fieldError(error: z.core.$ZodError): ApiError {
  const { path, text } = firstIssue(error.issues, []);
  const field = path.map(String).join(".");
  return new ApiError("FIELD_INVALID", field === "" ? `The input ${text}.` : `${field} ${text}.`, {
    ...(field !== "" && { field }),
  });
}

function firstIssue(
  issues: readonly Issue[],
  above: readonly PropertyKey[],
): { readonly path: readonly PropertyKey[]; readonly text: string } {
  const issue = issues[0];
  if (!issue) return { path: above, text: "is not valid" };
  const path = [...above, ...issue.path.filter((part) => part !== "")];
  switch (issue.code) {
    case "invalid_type":
      return { path, text: issue.input === undefined ? "is missing" : `is not ${article(issue.expected)}` };
    case "too_small":
      return { path, text: `is below the minimum of ${size(issue.minimum, issue.origin)}` };
    case "too_big":
      return { path, text: `is above the maximum of ${size(issue.maximum, issue.origin)}` };
    case "not_multiple_of":
      return { path, text: `is not a multiple of ${issue.divisor}` };
    case "invalid_value":
      return { path, text: `is not one of ${issue.values.map(String).join(", ")}` };
    case "unrecognized_keys":
      return { path: [...path, issue.keys[0] ?? ""], text: "is not a field of this request" };
    case "invalid_union": {
      // The branch that came furthest says best what is wrong.
      const branches = issue.errors.filter((branch) => branch.length > 0);
      const deepest = [...branches].sort((a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0))[0];
      if (!deepest) return { path, text: "is not one of the allowed kinds" };
      return firstIssue(deepest, path);
    }
    default:
      return { path, text: sentencePart(issue.message) };
  }
}

function size(bound: number | bigint, origin: string): string {
  if (origin === "string") return `${bound} characters`;
  if (origin === "array") return `${bound} entries`;
  return String(bound);
}

function article(expected: string): string {
  if (expected === "int") return "a whole number";
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

/** Returns a message without its field's name and its full stop ("JobOrder.nonce is missing."). */
function sentencePart(message: string): string {
  return message.replace(/^[A-Za-z]+\.[A-Za-z]+ /, "").replace(/\.$/, "");
}

const BYTE_ORDER_MARK = /^\ufeff/;
const stringsAndNumbers = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/g;
/** Stands for NaN until the text is parsed: a file of a model has no such string. */
const NOT_A_NUMBER = "\u0001NaN";

/**
 * Parses JSON as Python's `json` writes and reads it: with `Infinity`, `-Infinity` and `NaN`, which diffusers puts into
 * configurations. A byte order mark in front is skipped.
 * @throws SyntaxError
 */
export function parsePythonJson(text: string): unknown {
  const json = text.replace(BYTE_ORDER_MARK, "");
  try {
    return JSON.parse(json);
  } catch {
    const standard = json.replace(stringsAndNumbers, (part) => {
      if (part.startsWith('"')) return part;
      if (part === "NaN") return JSON.stringify(NOT_A_NUMBER);
      return part.startsWith("-") ? "-1e999" : "1e999";
    });
    return JSON.parse(standard, (_, value) => (value === NOT_A_NUMBER ? Number.NaN : value));
  }
}

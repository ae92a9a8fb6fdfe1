import { text } from "../text/en.ts";

/** Error of a URL's parameter that cannot be read. The message is a sentence for the visitor. */
export class ParameterError extends Error {
  override readonly name = "ParameterError";

  constructor(parameter: string, fault: string) {
    super(text.errors.parameter(parameter, fault));
  }
}

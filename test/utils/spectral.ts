import spectralCore from "@stoplight/spectral-core";
import { oas } from "@stoplight/spectral-rulesets";

/** A fault that Spectral finds in an OpenAPI document. */
export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly message: string;
}

/** Returns what Spectral's rules for OpenAPI find in a document: errors, warnings and hints alike. */
export async function lintOpenApi(document: object): Promise<Finding[]> {
  const spectral = new spectralCore.Spectral();
  spectral.setRuleset(new spectralCore.Ruleset({ extends: [[oas as never, "all"]] }));
  const found = await spectral.run(JSON.stringify(document));
  return found.map(({ code, path, message }) => ({ rule: String(code), path: path.join("."), message }));
}

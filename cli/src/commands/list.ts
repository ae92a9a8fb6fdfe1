import { openCloud } from "../cloud.ts";
import { ExitCode } from "../failure.ts";
import { type CommonOptions, openSession } from "../program.ts";
import { printable, table, utc } from "../text.ts";
import { aipg } from "../values.ts";

/** `gridnft models`: what workers serve now, and what the chain knows beside it. */
export async function modelsCommand(options: CommonOptions): Promise<ExitCode> {
  const session = openSession(options);
  const { terminal } = session;
  const models = await openCloud(await session.grid()).models();
  terminal.result({ models });
  for (const { model_id } of models) terminal.value(`${model_id}`);
  if (models.length === 0) terminal.line("No models are served now.");
  else {
    const rows = models.map(({ model_id, name, version, access, workers, rate, usage_bps, defaults }) => [
      ...[`${model_id}`, printable(`${name} ${version}`.trim()), access, `${workers}`],
      ...[rate === undefined ? "-" : aipg(rate), `${usage_bps / 100} %`],
      `${defaults.width}x${defaults.height}, ${defaults.steps} steps, ${defaults.sampler} ${defaults.scheduler}`,
    ]);
    const head = ["id", "model", "access", "workers", "per megapixel and step", "to its owner", "usual values"];
    for (const line of table(head, rows)) terminal.line(line);
  }
  return ExitCode.OK;
}

/** `gridnft workers`. */
export async function workersCommand(options: CommonOptions): Promise<ExitCode> {
  const session = openSession(options);
  const { terminal } = session;
  const workers = await openCloud(await session.grid()).workers();
  terminal.result({ workers });
  for (const { worker } of workers) terminal.value(worker);
  if (workers.length === 0) terminal.line("No workers are in touch with the cloud now.");
  else {
    const rows = workers.map(({ worker, software, models, busy, parallel, jobs_done, last_seen }) => [
      ...[worker, printable(software), models.map(({ model_id }) => `${model_id}`).join(", ")],
      ...[`${busy} of ${parallel}`, `${jobs_done}`, utc(last_seen, "seconds")],
    ]);
    for (const line of table(["worker", "software", "models", "busy", "jobs done", "last seen (UTC)"], rows)) {
      terminal.line(line);
    }
  }
  return ExitCode.OK;
}

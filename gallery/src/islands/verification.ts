// Verification of a token by the SDK, shown check by check.
import { type Check, ipfsGateway, parseDeployment, type Verification, verifyToken } from "@gridnft/sdk";
import { createPublicClient, http } from "viem";
import { verificationText as text } from "../text/verification.ts";

/** Token, and the places that are asked about it. */
export interface Place {
  readonly tokenId: bigint;
  readonly rpcUrl: string;
  readonly cloudUrl: string;
  /** URL of the deployment file: which contracts are GridNFT's. */
  readonly deploymentUrl: string;
}

/** Elements that show how far it is, and what was found. */
interface Panel {
  readonly status: HTMLElement;
  readonly list: HTMLElement;
}

/** Checks a token, and shows each check as it is done. */
export async function verify(place: Place, { status, list }: Panel): Promise<Verification> {
  const { tokenId, rpcUrl, cloudUrl, deploymentUrl } = place;
  const answer = await fetch(deploymentUrl);
  if (!answer.ok) throw new Error(`${deploymentUrl} answers ${answer.status}`);
  const deployment = parseDeployment(await answer.json());
  list.replaceChildren();
  const checks = list.appendChild(element("ol", "checks"));
  let done = 0;
  const result = await verifyToken(createPublicClient({ transport: http(rpcUrl, { retryCount: 1 }) }), {
    deployment,
    tokenId,
    fetchFile: ipfsGateway(cloudUrl),
    onCheck: (check) => {
      status.textContent = text.working(++done);
      checks.append(itemOf(check));
    },
  });
  status.textContent = `${text.verdicts[result.verdict]} ${text.block(`${result.block.number}`)}`;
  status.dataset.verdict = result.verdict;
  list.append(...result.versions.map(({ statement }) => element("p", "statement", statement)), limitsOf(result));
  return result;
}

function itemOf({ title, status, explanation, version }: Check): HTMLElement {
  const item = element("li", `check check-${status}`);
  const said = element("div", "");
  said.append(element("strong", "", text.title(title, version)), element("p", "", explanation));
  item.append(element("span", "check-status", text.statuses[status]), said);
  return item;
}

function limitsOf({ notProven }: Verification): HTMLElement {
  const details = element("details", "");
  const list = element("ul", "limits");
  list.append(...notProven.map((sentence) => element("li", "", sentence)));
  details.append(element("summary", "", text.notProven), list);
  return details;
}

/** Makes an element with text in it, never HTML. */
function element(name: string, className: string, content = ""): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = content;
  return made;
}

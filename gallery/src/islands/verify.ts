// Button that checks an artwork's origin in the visitor's browser. The code that checks is loaded when it is pressed.
import { verificationText as text } from "../text/verification.ts";
import type { Place } from "./verification.ts";

const panel = document.querySelector<HTMLElement>("[data-verify]");
const button = panel?.querySelector("button");
if (panel && button) {
  const { token = "", rpc = "", cloud = "", deployment = "" } = panel.dataset;
  const place: Place = { tokenId: BigInt(token), rpcUrl: rpc, cloudUrl: cloud, deploymentUrl: deployment };
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const status = panel.querySelector<HTMLElement>("[role=status]");
    const list = panel.querySelector<HTMLElement>("[data-checks]");
    if (!status || !list) return;
    try {
      status.textContent = text.working(0);
      const { verify } = await import("./verification.ts");
      await verify(place, { status, list });
      button.textContent = text.again;
    } catch (error) {
      status.textContent = `${text.failed}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`;
    } finally {
      button.disabled = false;
    }
  });
}

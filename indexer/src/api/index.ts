import { Hono } from "hono";

const app = new Hono();

// biome-ignore lint/style/noDefaultExport: Ponder takes the app so
export default app;

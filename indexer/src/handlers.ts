// All that Ponder runs before it indexes: the handlers of events, and before them what has to be done to the database.
import "./boot.ts";
import "./features/artworks/handlers.ts";
import "./features/models/handlers.ts";
import "./features/registry/handlers.ts";
import "./features/settlement/handlers/accounts.ts";
import "./features/settlement/handlers/anchors.ts";
import "./features/settlement/handlers/earnings.ts";
import "./features/settlement/handlers/lanes.ts";
import "./features/settlement/handlers/orders.ts";

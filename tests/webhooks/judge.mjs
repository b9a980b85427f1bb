// Verifies calls of webhooks with the reference implementation: a JSON array of {secret, headers, body} from standard
// input, and for each what it says to standard output: the payload, or {"refused": why}.
import { Webhook } from "standardwebhooks";

let text = "";
for await (const piece of process.stdin) text += piece;
const said = JSON.parse(text).map(({ secret, headers, body }) => {
  try {
    return new Webhook(secret).verify(body, headers);
  } catch (error) {
    return { refused: error.message };
  }
});
process.stdout.write(JSON.stringify(said));
